//! What must have come true some time after the last fault (G10, G13, G14, G17).

use std::collections::BTreeMap;

use crate::world::{Person, World};

/// What does not show the same as its session yet, and what else is not as it should be in the end.
pub(crate) fn unsettled(world: &World) -> (Option<String>, Option<String>) {
    let people = || world.people.iter().enumerate().filter(|(_, person)| person.present);
    let unequal = people().find_map(|(number, person)| unequal(world, number, person));
    let unsettled =
        people().find_map(|(number, person)| unanswered(world, number, person)).or_else(|| presence(world));
    (unequal, unsettled)
}

fn unequal(world: &World, number: usize, person: &Person) -> Option<String> {
    let Some(host) = world.server.hosts.get(&person.session) else {
        return Some(format!("person {number} is in a session that is not there"));
    };
    let (position, shown) = (host.position(), person.view.shown);
    if shown != Some(position) {
        return Some(format!("person {number} shows {shown:?} and the session is at {position:?}"));
    }
    (person.view.data != *host.history.data())
        .then(|| format!("person {number} shows {:?}", person.view.data))
}

fn unanswered(world: &World, number: usize, person: &Person) -> Option<String> {
    let open = world.ledger.open(person.life);
    if !open.is_empty() {
        return Some(format!("person {number} still awaits the writes {open:?}"));
    }
    let unsent = person.custody.unsent();
    if !unsent.is_empty() {
        return Some(format!("person {number} has not sent the writes {unsent:?}"));
    }
    let unanswered = person.client.unanswered_writes();
    if unanswered > 0 {
        return Some(format!("person {number} still has {unanswered} writes without an answer"));
    }
    if person.unset_names > 0 {
        return Some(format!("person {number} still awaits {} new names", person.unset_names));
    }
    let undecided = |sequence: &&u64| !world.server.has_decided(person.life, **sequence);
    let lost = person.custody.batches().iter().find(undecided);
    lost.map(|sequence| format!("operation {sequence} of person {number} was lost, and nobody told"))
}

fn presence(world: &World) -> Option<String> {
    let mut names: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for person in world.people.iter().filter(|person| person.present) {
        names.entry(person.session).or_default().push(&person.name);
    }
    names.values_mut().for_each(|names| names.sort_unstable());
    for (session, host) in &world.server.hosts {
        let there = names.get(session).map_or(0, Vec::len);
        if host.members.len() != there {
            return Some(format!("session {session} has {:?} and {there} are there", host.members.ids()));
        }
    }
    world.people.iter().enumerate().filter(|(_, person)| person.present).find_map(|(number, person)| {
        let mut seen: Vec<_> = person.view.roster.values().map(|one| one.user_name.as_str()).collect();
        seen.sort_unstable();
        let there = names.get(&person.session)?;
        (seen != *there).then(|| format!("person {number} sees {seen:?}, and there are {there:?}"))
    })
}
