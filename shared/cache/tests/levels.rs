//! The way through the levels: one alone works for all, what fails is passed over, what does not read back is made
//! again, and the memory keeps to its bound.

#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use sqm_cache::{Address, Addressing, Analysis, Level, LevelError, Levels, Made, Outcome, Tally, tallied};

/// What a level of the test does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Well,
    Broken,
    Lying,
}

/// A level that does what a test wants.
#[derive(Clone)]
struct Shelf {
    name: &'static str,
    mood: Arc<Mutex<Mood>>,
    kept: Arc<Mutex<HashMap<Address, Analysis>>>,
}

impl Shelf {
    fn new(name: &'static str) -> Self {
        Self { name, mood: Arc::new(Mutex::new(Mood::Well)), kept: Arc::default() }
    }

    fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn has(&self, address: &Address) -> bool {
        self.kept.lock().unwrap().contains_key(address)
    }
}

impl Level for Shelf {
    fn name(&self) -> &'static str {
        self.name
    }

    fn get<'a>(&'a self, address: &'a Address, _: Timestamp) -> sqm_cache::Doing<'a, Option<Analysis>> {
        Box::pin(async move {
            match *self.mood.lock().unwrap() {
                Mood::Well => Ok(self.kept.lock().unwrap().get(address).cloned()),
                Mood::Broken => Err(LevelError::Unavailable("it is broken".to_owned())),
                Mood::Lying => Err(LevelError::Corrupt("it lies".to_owned())),
            }
        })
    }

    fn put<'a>(
        &'a self,
        address: &'a Address,
        analysis: &'a Analysis,
        _: Timestamp,
    ) -> sqm_cache::Doing<'a, ()> {
        Box::pin(async move {
            if *self.mood.lock().unwrap() == Mood::Broken {
                return Err(LevelError::Unavailable("it is broken".to_owned()));
            }
            self.kept.lock().unwrap().insert(address.clone(), analysis.clone());
            Ok(())
        })
    }
}

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn address(of: usize) -> Address {
    Addressing::new(&"acme".parse().unwrap(), "test", "1").part(of.to_be_bytes()).finish()
}

fn analysis(document: &str) -> Analysis {
    Analysis { needs: vec!["lineage:read".to_owned()], document: document.into(), until: NOW }
}

fn levels(shelves: &[&Shelf]) -> Levels {
    let below = shelves.iter().map(|shelf| Box::new((*shelf).clone()) as Box<dyn Level>);
    Levels::of(1 << 20, below.collect())
}

/// What comes of asking, how often the work was done for it, and what the request is told.
async fn ask(
    levels: &Levels,
    address: &Address,
    made: Result<Made, &'static str>,
) -> (Result<Analysis, &'static str>, usize, Tally) {
    let worked = AtomicUsize::new(0);
    let work = async {
        worked.fetch_add(1, Relaxed);
        made
    };
    let (answer, tally) = tallied(levels.obtain(address, NOW, work)).await;
    (answer, worked.into_inner(), tally)
}

fn count(levels: &Levels, level: &str, outcome: Outcome) -> u64 {
    levels.counts().find(|(name, _)| *name == level).unwrap().1.of(outcome)
}

#[tokio::test]
async fn what_was_made_is_found_on_every_level() {
    let (near, far) = (Shelf::new("near"), Shelf::new("far"));
    let (one, two) = (levels(&[&near, &far]), levels(&[&near, &far]));
    let made = || Ok(Made::Kept(analysis("{}")));
    let (answer, worked, tally) = ask(&one, &address(1), made()).await;
    assert_eq!((answer, worked), (Ok(analysis("{}")), 1));
    assert_eq!(tally.line().as_deref(), Some("far=miss memory=miss near=miss"));
    let (_, worked, tally) = ask(&one, &address(1), made()).await;
    assert_eq!((worked, tally.line().as_deref()), (0, Some("memory=hit")));
    // Another process.
    let (_, worked, tally) = ask(&two, &address(1), made()).await;
    assert_eq!((worked, tally.line().as_deref()), (0, Some("memory=miss near=hit")));
    // The near one forgets, and learns it again from the far one.
    near.kept.lock().unwrap().clear();
    let three = levels(&[&near, &far]);
    let (_, worked, tally) = ask(&three, &address(1), made()).await;
    assert_eq!((worked, tally.line().as_deref()), (0, Some("far=hit memory=miss near=miss")));
    assert!(near.has(&address(1)));
    assert_eq!(three.find(&address(2), NOW).await.unwrap(), None);
}

#[tokio::test]
async fn a_stampede_works_once() {
    let levels = levels(&[&Shelf::new("far")]);
    let worked = Arc::new(AtomicUsize::new(0));
    let ask = |n: usize| {
        let (levels, worked) = (levels.clone(), worked.clone());
        tokio::spawn(async move {
            let work = async {
                worked.fetch_add(1, Relaxed);
                tokio::time::sleep(Duration::from_millis(50)).await;
                Ok::<_, ()>(Made::Kept(analysis(&n.to_string())))
            };
            levels.obtain(&address(1), NOW, work).await.unwrap()
        })
    };
    let all: Vec<_> = (0..100).map(ask).collect();
    let mut answers = Vec::new();
    for one in all {
        answers.push(one.await.unwrap());
    }
    assert_eq!(worked.load(Relaxed), 1);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(count(&levels, "memory", Outcome::Hit), 99);
}

#[tokio::test]
async fn who_leaves_a_stampede_stops_nobody() {
    let levels = levels(&[]);
    let slow = async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        Ok::<_, ()>(Made::Kept(analysis("slow")))
    };
    let at = address(1);
    let first = tokio::time::timeout(Duration::from_millis(30), levels.obtain(&at, NOW, slow));
    let second = levels.obtain(&at, NOW, async { Ok::<_, ()>(Made::Kept(analysis("quick"))) });
    let (first, second) = tokio::join!(first, second);
    assert!(first.is_err());
    assert_eq!(second, Ok(analysis("quick")));
}

#[tokio::test]
async fn errors_and_what_passes_are_kept_nowhere() {
    let far = Shelf::new("far");
    let levels = levels(&[&far]);
    let (answer, ..) = ask(&levels, &address(1), Err("no")).await;
    assert_eq!(answer, Err("no"));
    let (answer, ..) = ask(&levels, &address(1), Ok(Made::Passing(analysis("once")))).await;
    assert_eq!(answer, Ok(analysis("once")));
    assert!(!far.has(&address(1)));
    let (answer, worked, _) = ask(&levels, &address(1), Ok(Made::Kept(analysis("kept")))).await;
    assert_eq!((answer, worked), (Ok(analysis("kept")), 1));
}

#[tokio::test]
async fn a_level_that_fails_is_passed_over() {
    let (near, far) = (Shelf::new("near"), Shelf::new("far"));
    near.is(Mood::Broken);
    let levels = levels(&[&near, &far]);
    let (answer, _, tally) = ask(&levels, &address(1), Ok(Made::Kept(analysis("{}")))).await;
    assert_eq!(answer, Ok(analysis("{}")));
    assert_eq!(tally.line().as_deref(), Some("far=miss memory=miss near=failed"));
    assert!(far.has(&address(1)));
    // Who asks for what is there is told that it cannot be known, rather than that there is nothing.
    assert!(matches!(levels.find(&address(2), NOW).await, Err(LevelError::Unavailable(_))));
    near.is(Mood::Well);
    assert_eq!(levels.find(&address(2), NOW).await.unwrap(), None);
}

#[tokio::test]
async fn what_does_not_read_back_is_made_again_and_counted() {
    let far = Shelf::new("far");
    far.is(Mood::Lying);
    let levels = levels(&[&far]);
    let (answer, worked, tally) = ask(&levels, &address(1), Ok(Made::Kept(analysis("{}")))).await;
    assert_eq!((answer, worked), (Ok(analysis("{}")), 1));
    assert_eq!(tally.line().as_deref(), Some("far=corrupt memory=miss"));
    assert_eq!(count(&levels, "far", Outcome::Corrupt), 1);
    assert_eq!(levels.find(&address(2), NOW).await.unwrap(), None, "and is never served");
}

#[tokio::test]
async fn the_memory_keeps_to_its_bound() {
    const BOUND: u64 = 1 << 20;
    let levels = Levels::of(BOUND, Vec::new());
    let document = "x".repeat(10_000);
    for n in 0..1_000 {
        ask(&levels, &address(n), Ok(Made::Kept(analysis(&document)))).await.0.unwrap();
        if n % 100 == 0 {
            assert!(levels.memory_bytes().await <= BOUND, "after {n}");
        }
    }
    let held = levels.memory_bytes().await;
    assert!((BOUND / 2..=BOUND).contains(&held), "{held}");
    // What is longer than all of it is answered, and drives nothing out for long.
    let long = analysis(&"x".repeat(2 << 20));
    assert_eq!(ask(&levels, &address(5_000), Ok(Made::Kept(long.clone()))).await.0, Ok(long));
    assert!(levels.memory_bytes().await <= BOUND);
    let (_, worked, _) = ask(&levels, &address(999), Ok(Made::Kept(analysis(&document)))).await;
    assert_eq!(worked, 0, "the newest is still there");
}
