//! Real processes: shells that start others.

use std::time::Instant;

use super::*;

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

/// Waits until `done`, for at most ten seconds.
async fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(10);
    while !done() {
        assert!(Instant::now() < until, "{what}");
        tokio::task::yield_now().await;
    }
}

/// Starts a program, waits until it has written `ready`, and returns it.
async fn started(folder: &Path, script: &str) -> Process {
    let process = Process::start("a shell", shell(script), &folder.join("log")).unwrap();
    eventually("it does not start", || process.last_lines().contains("ready")).await;
    process
}

#[tokio::test]
async fn what_a_program_started_ends_with_it() {
    let folder = tempfile::tempdir().unwrap();
    // One child in its group, one that left it, one that does not listen.
    let script =
        "sleep 600 & setsid sleep 600 & setsid sh -c 'trap \"\" TERM INT; echo ready; sleep 600' & wait";
    for orderly in [true, false] {
        let process = started(folder.path(), script).await;
        let mark = process.mark.text();
        assert!(mark::marked(&mark).len() >= 4);
        if orderly {
            process.stop().await;
        } else {
            drop(process);
        }
        assert_eq!(mark::marked(&mark), [], "orderly: {orderly}");
    }
}

#[tokio::test]
async fn others_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = started(folder.path(), "echo ready; sleep 600").await;
    let one = started(&folder.path().join("one"), "echo ready; sleep 600").await;
    one.stop().await;
    assert!(other.ended().unwrap().is_none());
}

#[tokio::test]
async fn the_watchdog_ends_what_nobody_stops() {
    let folder = tempfile::tempdir().unwrap();
    // One that left the group, and one that does not listen and starts another when it is asked to end.
    let deaf = "trap 'sleep 600' TERM; sleep 600; sleep 600";
    let script = format!("setsid sleep 600 & setsid sh -c \"{deaf}\" & echo ready; wait");
    let mut process = started(folder.path(), &script).await;
    let mark = process.mark.text();
    // Its pipe closes, as it does when this process is killed.
    drop(process.watchdog.take());
    eventually("it is still running", || mark::marked(&mark).is_empty()).await;
    assert!(!process.wait().await.unwrap().success());
}

#[tokio::test]
async fn the_log_holds_both_outputs() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("deep/log");
    let mut process = Process::start("a shell", shell("echo out; echo err >&2; exit 3"), &log).unwrap();
    assert_eq!(process.wait().await.unwrap().code(), Some(3));
    assert_eq!(process.last_lines(), "out\nerr");
}

#[test]
fn no_mark_begins_with_another() {
    let marks: Vec<String> = (0..12).map(|_| Mark::new().text()).collect();
    for (at, mark) in marks.iter().enumerate() {
        assert!(
            marks.iter().enumerate().all(|(other, text)| other == at || !text.starts_with(mark)),
            "{marks:?}"
        );
    }
}
