//! Keeps a stack running: what ends is started again, and what was changed is built and taken up.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::sources::Sources;
use super::{Stack, build};

/// How often one looks.
const LOOK_EVERY: Duration = Duration::from_millis(700);

/// Shortest time between two starts of a function that ends by itself.
const START_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// What happened to a running stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A function ended by itself, with what it said last; it is started again. A request that it was
    /// answering gets no answer.
    Ended(String),
    /// A source has changed; the functions are built.
    Building,
    /// They could not be built, for this reason; those of before go on.
    Broken(String),
    /// These functions run as they were built now.
    TakenUp(Vec<String>),
}

impl Stack {
    /// Watches over everything until it is dropped, and tells what happens. Fails where it cannot go on:
    /// `cargo lambda watch` has ended.
    pub async fn supervise(&mut self, tell: &mut (dyn FnMut(Event) + Send)) -> Result<()> {
        let mut built = Sources::of(&self.project.root);
        let mut seen = built;
        let mut started = Instant::now();
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            self.gateway.ensure_running()?;
            if started.elapsed() > START_AGAIN_AFTER && self.start_again(tell)? {
                started = Instant::now();
            }
            let now = Sources::of(&self.project.root);
            // Built when it is quiet: an editor may be at the second of two files.
            if now != built && now == seen {
                built = now;
                tell(Event::Building);
                tell(self.take_up().await?);
            }
            seen = now;
        }
    }

    fn start_again(&mut self, tell: &mut (dyn FnMut(Event) + Send)) -> Result<bool> {
        let mut any = false;
        for function in &mut self.functions {
            if let Some(how) = function.ended()? {
                tell(Event::Ended(how));
                function.restart()?;
                any = true;
            }
        }
        Ok(any)
    }

    async fn take_up(&mut self) -> Result<Event> {
        if let Err(why) = build::build(&self.project, &self.home.log("build"), &|_| {}).await {
            return Ok(Event::Broken(format!("{why:#}")));
        }
        let mut names = Vec::new();
        for function in self.functions.iter_mut().filter(|function| function.is_outdated()) {
            function.restart()?;
            function.answers(&mut self.gateway).await?;
            names.push(function.name.clone());
        }
        Ok(Event::TakenUp(names))
    }
}
