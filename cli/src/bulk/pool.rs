//! Lines on several threads: one reads, some work, one writes, in the order in which they came.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufWriter, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Result, anyhow};
use sqm_sql::guard;

use super::lines::{Line, Lines};
use super::respond::respond;
use super::stats::Meter;
use super::{Analysis, Context};

/// Most lines that are read and not yet written, for each thread that works: enough to keep the others
/// busy while one line takes long.
const LINES_A_JOB: usize = 64;
/// Most bytes of such lines and their answers. A single line may be longer.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Answers all lines of standard input with so many threads at work.
pub fn run<A: Analysis>(analysis: Arc<A>, context: &Context, jobs: usize, meter: &Arc<Meter>) -> Result<()> {
    let belt = Arc::new(Belt::new(jobs));
    {
        let belt = Arc::clone(&belt);
        thread::Builder::new().spawn(move || belt.feed())?;
    }
    for _ in 0..jobs {
        let (theirs, analysis, meter) = (Arc::clone(&belt), Arc::clone(&analysis), Arc::clone(meter));
        let mut context = context.clone();
        let started = thread::Builder::new().spawn(move || {
            let end = guard::on_large_stack(|| theirs.work(&*analysis, &mut context, &meter));
            theirs.leave(end.err().map(anyhow::Error::new));
        });
        // Fewer threads do as well, as long as there is one.
        if let Err(error) = started {
            belt.leave(Some(anyhow::Error::new(error)));
        }
    }
    // On an error nobody waits for the threads: the process ends, and they with it.
    belt.write(meter)
}

/// What goes from one thread to the next.
struct Belt {
    state: Mutex<State>,
    /// There is room for a line.
    room: Condvar,
    /// There is a line to work on, or there will be none.
    work: Condvar,
    /// There is an answer to write, or there will be none.
    ready: Condvar,
    most_lines: usize,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(u64, Line)>,
    answers: BTreeMap<u64, Vec<u8>>,
    /// How many lines were read, and how many answers written.
    read: u64,
    written: u64,
    /// Of what was read and not yet written.
    bytes: usize,
    /// Whether there is nothing more to read, and why.
    end: Option<Option<io::Error>>,
    /// How many threads are at work.
    workers: usize,
    failure: Option<anyhow::Error>,
}

impl Belt {
    fn new(jobs: usize) -> Self {
        Self {
            state: Mutex::new(State { workers: jobs, ..State::default() }),
            room: Condvar::new(),
            work: Condvar::new(),
            ready: Condvar::new(),
            most_lines: jobs.saturating_mul(LINES_A_JOB),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads lines as long as there is room.
    fn feed(&self) {
        let mut lines = Lines::new(io::stdin().lock());
        loop {
            let next = lines.next();
            let mut state = self.lock();
            match next {
                Ok(Some(line)) => {
                    while !self.has_room(&state) {
                        state = wait(&self.room, state);
                    }
                    state.bytes += line.bytes.len();
                    let number = state.read;
                    state.read += 1;
                    state.waiting.push_back((number, line));
                    self.work.notify_one();
                }
                Ok(None) => return self.end(state, None),
                Err(error) => return self.end(state, Some(error)),
            }
        }
    }

    fn has_room(&self, state: &State) -> bool {
        let lines = usize::try_from(state.read - state.written).unwrap_or(usize::MAX);
        lines == 0 || lines < self.most_lines && state.bytes < MOST_BYTES
    }

    fn end(&self, mut state: MutexGuard<'_, State>, error: Option<io::Error>) {
        state.end = Some(error);
        drop(state);
        self.work.notify_all();
        self.ready.notify_all();
    }

    /// Answers lines until there are no more.
    fn work<A: Analysis>(&self, analysis: &A, context: &mut Context, meter: &Meter) {
        loop {
            let mut state = self.lock();
            let (number, line) = loop {
                match state.waiting.pop_front() {
                    Some(next) => break next,
                    None if state.end.is_some() => return,
                    None => state = wait(&self.work, state),
                }
            };
            drop(state);
            let answer = respond(analysis, &line, context, meter);
            let mut state = self.lock();
            state.bytes = state.bytes - line.bytes.len() + answer.len();
            state.answers.insert(number, answer);
            if number == state.written {
                self.ready.notify_one();
            }
        }
    }

    /// A thread stops to work.
    fn leave(&self, failure: Option<anyhow::Error>) {
        let mut state = self.lock();
        state.workers -= 1;
        if let Some(failure) = failure {
            state.failure.get_or_insert(failure);
        }
        drop(state);
        self.ready.notify_all();
    }

    /// Writes answers in order until all are written.
    fn write(&self, meter: &Meter) -> Result<()> {
        let mut out = BufWriter::with_capacity(128 * 1024, io::stdout().lock());
        let mut is_flushed = true;
        loop {
            let mut state = self.lock();
            let next = state.written;
            if let Some(answer) = state.answers.remove(&next) {
                state.written += 1;
                state.bytes -= answer.len();
                drop(state);
                self.room.notify_one();
                out.write_all(&answer)?;
                meter.count();
                is_flushed = false;
            } else if state.end.is_some() && state.written == state.read {
                let error = state.end.replace(None).flatten();
                drop(state);
                out.flush()?;
                return error.map_or(Ok(()), |error| Err(super::reading_failed(error)));
            } else if state.workers == 0 {
                let failure = state.failure.take();
                return Err(failure.unwrap_or_else(|| anyhow!("the threads ended before the work did")));
            } else if is_flushed {
                drop(wait(&self.ready, state));
            } else {
                drop(state);
                out.flush()?;
                is_flushed = true;
            }
        }
    }
}

fn wait<'s>(condition: &Condvar, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
    condition.wait(state).unwrap_or_else(PoisonError::into_inner)
}
