// Running commands for the other scripts: what a person sees of them, and that none of them outlives the script.

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The top of the checkout; every command runs there. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** How many lines of a quiet command's output are shown when it fails. */
const TAIL_LINES = 60;

/** A failure that the person at the keyboard can act on: its message is printed without a stack. */
export class Failure extends Error {}

/** How long commands have to end by themselves when a person ends the script. */
const STOP_GRACE_MS = 3000;

const running = new Set();
let stopping = false;

/**
 * Runs a command and resolves to what it printed.
 *
 * A quiet command's output is shown only when it fails, and then only its end. `stream` shows it as it comes; it is then
 * not collected.
 */
export async function run(command, args, { env = process.env, stream = false } = {}) {
  const child = start(command, args, { env, stdio: stream ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const pipe of [child.stdout, child.stderr]) {
    pipe?.setEncoding('utf8').on('data', (text) => (output += text));
  }
  const { code, signal } = await exit(child);
  // What a test runner left behind (a browser, a driver) is in its group and goes with it.
  killGroup(child, 'SIGKILL');
  if (code === 0) return output;
  const how = signal ? `was ended by ${signal}` : `failed with exit code ${code}`;
  const tail = output.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
  throw Object.assign(new Failure(`${tail}\n\`${[command, ...args].join(' ')}\` ${how}`.trim()), { output });
}

/** Starts a command in a process group of its own, so that the whole group can be ended together. */
export function start(command, args, { env, stdio }) {
  if (stopping) throw new Failure('Stopped.');
  const child = spawn(command, args, { cwd: root, env, stdio, detached: true });
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
}

/** Resolves when a child has ended; a command that cannot be started is a `Failure`. */
export function exit(child) {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Failure(`${child.spawnfile} could not be started: ${error.message}`)));
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}

function killGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** Prints what is being done, does it, and prints how long it took. */
export async function step(title, work) {
  const started = performance.now();
  console.log(`${title}…`);
  const result = await work();
  console.log(`  done in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return result;
}

/** Runs a script's main function: a `Failure` ends it with its sentence, a signal with all that it started. */
export async function main(work) {
  onStop(stop);
  try {
    await work();
  } catch (error) {
    console.error(error instanceof Failure ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}

/** Has `handler`, and no earlier one, called once when a person or a program ends this script. */
export function onStop(handler) {
  let called = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.removeAllListeners(signal).on(signal, () => {
      // A Ctrl-C arrives twice, from the terminal and through npm, and an unhandled one would end this process.
      if (!called) handler(signal);
      called = true;
    });
  }
}

/** Ends what runs and then this process, after a moment for test runners to close their browsers. */
async function stop(signal) {
  stopping = true;
  const children = [...running];
  const ended = Promise.all(children.map((child) => new Promise((resolve) => child.once('close', resolve))));
  for (const child of children) killGroup(child, 'SIGTERM');
  await Promise.race([ended, setTimeout(STOP_GRACE_MS)]);
  for (const child of children) killGroup(child, 'SIGKILL');
  process.exit(128 + constants.signals[signal]);
}

/** Whether this script is the one that was started, not one that another imports. */
export function isMain(meta) {
  return process.argv[1] === fileURLToPath(meta.url);
}
