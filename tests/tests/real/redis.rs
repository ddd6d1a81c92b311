//! Redis as a level, the real one: alone, encrypted, as a cluster; killed, frozen, and with something else in it.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use sqm_cache::{Address, Addressing, Analysis, Levels, Made, Outcome, Shared, SharedConfig};
use sqm_local::{Redis, RedisKind, Tools};
use sqm_testkit::checkout;

async fn redis(kind: RedisKind) -> Redis {
    Redis::start(&Tools::of_checkout(&checkout::root()), kind).await.unwrap()
}

fn config(redis: &Redis, kind: RedisKind) -> SharedConfig {
    SharedConfig { url: redis.url(), cluster: kind == RedisKind::Cluster, certificates: redis.certificate() }
}

/// A process that has this Redis behind it.
fn process(config: &SharedConfig) -> Levels {
    Levels::of(1 << 20, vec![Box::new(Shared::new(config).unwrap())])
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn address(of: &str) -> Address {
    Addressing::new(&"acme".parse().unwrap(), "test", "1").part(of).finish()
}

fn analysis(document: &str) -> Analysis {
    let until = Timestamp::from_second(1_800_000_600).unwrap();
    Analysis { needs: vec!["lineage:read".to_owned()], document: document.into(), until }
}

/// What comes of asking, and how often the work was done.
async fn ask(levels: &Levels, of: &str) -> (Analysis, usize) {
    let worked = AtomicUsize::new(0);
    let work = async {
        worked.fetch_add(1, Relaxed);
        Ok::<_, ()>(Made::Kept(analysis(of)))
    };
    let got = levels.obtain(&address(of), now(), work).await.unwrap();
    (got, worked.into_inner())
}

fn count(levels: &Levels, outcome: Outcome) -> u64 {
    levels.counts().find(|(name, _)| *name == "shared").unwrap().1.of(outcome)
}

#[tokio::test]
async fn what_one_process_has_made_another_one_finds() {
    for kind in [RedisKind::Plain, RedisKind::Encrypted, RedisKind::Cluster] {
        let redis = redis(kind).await;
        let config = config(&redis, kind);
        let long = "x".repeat(1 << 20);
        for of in ["short", long.as_str()] {
            let (one, two) = (process(&config), process(&config));
            assert_eq!(ask(&one, of).await, (analysis(of), 1), "{kind:?}");
            assert_eq!(ask(&two, of).await, (analysis(of), 0), "{kind:?}");
            assert_eq!((count(&one, Outcome::Miss), count(&two, Outcome::Hit)), (1, 1), "{kind:?}");
        }
        let address = address("short");
        let key = format!("sqm:a:{}:{}", address.workspace, address.id);
        let left: i64 = redis.ask(&["TTL", &key]).await.unwrap().trim().parse().unwrap();
        assert!((500..=600).contains(&left), "{kind:?}: as long as it is kept at all, and no longer: {left}");
    }
}

#[tokio::test]
async fn whose_certificate_is_not_trusted_is_not_told_anything() {
    let redis = redis(RedisKind::Encrypted).await;
    let levels = process(&SharedConfig { certificates: None, ..config(&redis, RedisKind::Encrypted) });
    assert_eq!(ask(&levels, "a").await, (analysis("a"), 1));
    assert_eq!(count(&levels, Outcome::Failed), 1);
    assert_eq!(redis.ask(&["DBSIZE"]).await.unwrap().trim(), "0");
}

#[tokio::test]
async fn what_somebody_else_has_put_there_is_made_again_counted_and_removed() {
    let redis = redis(RedisKind::Plain).await;
    let config = config(&redis, RedisKind::Plain);
    let key = |of: &str| format!("sqm:a:acme:{}", address(of).id);
    ask(&process(&config), "good").await;
    // Of another address, in full; nothing; a text; and another type.
    redis.ask(&["COPY", &key("good"), &key("other")]).await.unwrap();
    redis.ask(&["SET", &key("empty"), ""]).await.unwrap();
    redis.ask(&["SET", &key("text"), "{\"document\": \"poison\"}"]).await.unwrap();
    for of in ["other", "empty", "text"] {
        let levels = process(&config);
        assert_eq!(ask(&levels, of).await, (analysis(of), 1), "{of}");
        assert_eq!(count(&levels, Outcome::Corrupt), 1, "{of}");
        assert_eq!(ask(&process(&config), of).await, (analysis(of), 0), "{of}: the right one took its place");
    }
    redis.ask(&["RPUSH", &key("list"), "poison"]).await.unwrap();
    let levels = process(&config);
    assert_eq!(ask(&levels, "list").await, (analysis("list"), 1));
    assert_eq!(count(&levels, Outcome::Failed), 1);
}

#[tokio::test]
async fn one_that_is_killed_or_stands_still_costs_a_moment_once() {
    let frozen = redis(RedisKind::Plain).await;
    let levels = process(&config(&frozen, RedisKind::Plain));
    ask(&levels, "before").await;
    frozen.freeze().unwrap();
    let begun = Instant::now();
    for n in 0..20 {
        let of = format!("while frozen {n}");
        assert_eq!(ask(&levels, &of).await, (analysis(&of), 1));
    }
    // The first one waits, and all others leave it alone.
    let took = begun.elapsed();
    assert!((Duration::from_millis(200)..Duration::from_millis(1_500)).contains(&took), "{took:?}");
    assert_eq!(count(&levels, Outcome::Failed), 20);

    // Killed while many ask.
    let killed = redis(RedisKind::Plain).await;
    let levels = process(&config(&killed, RedisKind::Plain));
    ask(&levels, "before").await;
    let asking: Vec<_> = (0..200)
        .map(|n| {
            let levels = levels.clone();
            tokio::spawn(async move {
                let of = format!("{n}");
                assert_eq!(ask(&levels, &of).await.0, analysis(&of));
            })
        })
        .collect();
    tokio::task::yield_now().await;
    drop(killed);
    for one in asking {
        one.await.unwrap();
    }
    assert_eq!(ask(&levels, "after").await, (analysis("after"), 1));
    assert!(count(&levels, Outcome::Failed) > 0);
}

#[tokio::test]
async fn one_that_was_never_there_is_no_reason_for_an_error() {
    for cluster in [false, true] {
        let config = SharedConfig { url: "redis://127.0.0.1:1".to_owned(), cluster, certificates: None };
        let levels = process(&config);
        assert_eq!(ask(&levels, "a").await, (analysis("a"), 1));
        assert_eq!(count(&levels, Outcome::Failed), 1);
    }
}
