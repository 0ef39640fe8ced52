//! Text that gets far into a decoder: real messages with their tokens cut, doubled, swapped and replaced.

/// A message of the golden files, and what is done to it.
#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) struct Mangled {
    /// Which message.
    pub(crate) message: u8,
    pub(crate) changes: Vec<Mangling>,
}

/// One thing done to the tokens of a message. Places are taken modulo what is there.
#[derive(Debug, Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub(crate) enum Mangling {
    /// Some tokens are gone.
    Cut { at: u8, count: u8 },
    /// Some tokens stand twice.
    Double { at: u8, count: u8 },
    /// Two tokens change places.
    Swap(u8, u8),
    /// A token is another.
    Replace { at: u8, by: u8 },
    /// A token is added.
    Insert { at: u8, what: u8 },
    /// A token becomes a string with this in it.
    Text { at: u8, text: String },
    /// A token becomes arrays in arrays.
    Nest { at: u8, depth: u16 },
    /// The text ends early, perhaps within a token.
    End { bytes: u8 },
}

/// What a well-meant message never has where it is put, most of it legal JSON.
const ODD: [&str; 38] = [
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "1e400",
    "-0",
    "00",
    "4294967296",
    "9007199254740993",
    "18446744073709551615",
    "18446744073709551616",
    "1e3",
    "NaN",
    "\"\"",
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"\\ud83d\\ude00\"",
    "\"\\u0000\"",
    "\"\u{0}\"",
    "\0",
    "\u{feff}",
    "\u{7f}",
    "\u{2028}",
    "\"__proto__\"",
    "\"__proto__\":1,",
    "\"type\"",
    "\"t\\u0079pe\"",
    "\"type\":\"update\",",
    "\"seq\":7,",
    "\"replace\"",
    "\"shallow-merge\"",
    "{}",
    "[]",
    "[[{\"a\":[]}]]",
    "\"\\x\"",
    "\\",
    "\"",
];

const CLIENT: &str = include_str!("../../golden/client.txt");
const SERVER: &str = include_str!("../../golden/server.txt");

impl Mangled {
    /// Starts from a message of a client.
    pub(crate) fn of_client(&self) -> String {
        self.text(CLIENT)
    }

    /// Starts from a message of the server.
    pub(crate) fn of_server(&self) -> String {
        self.text(SERVER)
    }

    fn text(&self, golden: &str) -> String {
        let lines = golden.lines().filter(|line| !line.starts_with('#'));
        let messages: Vec<_> = lines.filter_map(|line| Some(line.split_once(": ")?.1)).collect();
        let mut tokens = tokens(messages[usize::from(self.message) % messages.len()]);
        // A few: text that is doubled over and over only costs memory.
        for change in self.changes.iter().take(8) {
            change.apply(&mut tokens);
        }
        tokens.concat()
    }
}

impl Mangling {
    fn apply(&self, tokens: &mut Vec<String>) {
        if tokens.is_empty() {
            return;
        }
        let length = tokens.len();
        let place = |at: u8| usize::from(at) % length;
        let odd = |which: u8| String::from(ODD[usize::from(which) % ODD.len()]);
        let piece = |at: u8, count: u8| place(at)..(place(at) + usize::from(count % 16)).min(length);
        match *self {
            Self::Cut { at, count } => drop(tokens.drain(piece(at, count))),
            Self::Double { at, count } => {
                let doubled = tokens[piece(at, count)].to_vec();
                let at = place(at);
                tokens.splice(at..at, doubled);
            }
            Self::Swap(one, other) => tokens.swap(place(one), place(other)),
            Self::Replace { at, by } => {
                let at = place(at);
                tokens[at] = odd(by);
            }
            Self::Insert { at, what } => tokens.insert(place(at), odd(what)),
            Self::Text { at, ref text } => {
                let at = place(at);
                tokens[at] = serde_json::to_string(text).unwrap();
            }
            Self::Nest { at, depth } => {
                let (at, depth) = (place(at), usize::from(depth));
                tokens[at] = "[".repeat(depth) + &"]".repeat(depth);
            }
            Self::End { bytes } => {
                let text = tokens.concat();
                let end = text.len().saturating_sub(usize::from(bytes));
                *tokens = self::tokens(text.get(..end).unwrap_or_default());
            }
        }
    }
}

/// Cuts JSON text: each string, each sign and each piece between them.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = vec![String::new()];
    let (mut in_string, mut escaped) = (false, false);
    for letter in text.chars() {
        let sign = !in_string && "{}[]:,\"".contains(letter);
        if sign {
            tokens.push(String::new());
        }
        tokens.last_mut().unwrap().push(letter);
        let ends = if in_string { letter == '"' && !escaped } else { sign && letter != '"' };
        if ends {
            tokens.push(String::new());
        }
        in_string = if letter == '"' && !escaped { !in_string } else { in_string };
        escaped = in_string && letter == '\\' && !escaped;
    }
    tokens.retain(|token| !token.is_empty());
    tokens
}
