//! What becomes of queued calls: their order, their tries, and circuits that open.

use gbvm::retention::{Aged, Retention};
use gbvm_stdlib::services::Clock as _;
use gbvm_tests::scenario::Scenario;
use gbvm_vm::instant::Instant;

const STATES: &str = "SELECT state, attempt, count(*) FROM gbvm_outbox GROUP BY 1, 2 ORDER BY 1, 2";

/// A world in which so many rows were saved, and a call queued for each.
fn with_calls(count: u32, calls: &str) -> Scenario {
    let world = Scenario::new(&[]);
    world.prepare(&format!("FOR i = 1 TO {count}\n  SAVE \"items\", i, {{qty: i}}\n{calls}NEXT i\n"));
    world
}

#[test]
fn calls_of_one_row_keep_their_order_past_a_failure() {
    let world = Scenario::new(&[]);
    world.peer.answer("POST https://a.example/1", 503, "");
    world.prepare("SAVE \"items\", 1, {qty: 1}\nPOST \"https://a.example/1\", {n: 1}\nPOST \"https://a.example/2\", {n: 2}\nSAVE \"items\", 2, {qty: 1}\nPOST \"https://a.example/3\", {n: 3}\n");
    world.engine.settle().expect("the queue can be worked off");
    let urls = || world.peer.requests().into_iter().map(|request| request.url).collect::<Vec<_>>();
    assert_eq!(urls(), ["https://a.example/1", "https://a.example/3"], "the second waits for the first of its row");
    world.clock.advance_ms(10_000);
    world.engine.settle().expect("the queue can be worked off");
    assert_eq!(urls()[2..], ["https://a.example/1", "https://a.example/2"]);
    let keys: Vec<_> = world.peer.requests().into_iter().filter(|request| request.url.ends_with("/1")).map(|request| request.headers).collect();
    assert_eq!(keys[0], keys[1], "the same key in every try");
    assert_eq!(world.rows(STATES), ["delivered|1|2", "delivered|2|1"]);
}

#[test]
fn five_failures_in_a_row_close_the_way_to_an_origin_for_a_while() {
    let world = with_calls(20, "  POST \"https://down.example/x\", {i: i}\n  POST \"https://up.example/x\", {i: i}\n");
    for _ in 0..8 {
        world.peer.answer("POST https://down.example", 500, "");
    }
    world.engine.settle().expect("the queue can be worked off");
    let asked = |origin: &str| world.peer.requests().iter().filter(|request| request.origin == origin).count();
    assert_eq!(asked("https://up.example"), 20, "others are not concerned");
    let tried = asked("https://down.example");
    assert!(tried == 8, "what was under way goes on, no more begins: {tried}");
    world.clock.advance_ms(29_000);
    world.engine.settle().expect("the queue can be worked off");
    assert_eq!(asked("https://down.example"), tried, "not yet");
    world.clock.advance_ms(2_000);
    world.engine.settle().expect("the queue can be worked off");
    assert_eq!(world.rows("SELECT state, count(*) FROM gbvm_outbox GROUP BY 1"), ["delivered|40"], "a probe went well, so all go");
}

/// Rows that cannot go now are not in the way of those that can.
#[test]
fn many_calls_to_a_closed_origin_starve_no_other() {
    let world = with_calls(600, "  POST \"https://down.example/x\", {i: i}\n");
    (0..700).for_each(|_| world.peer.answer("POST https://down.example", 500, ""));
    world.prepare("SAVE \"items\", 1000, {qty: 1}\nPOST \"https://up.example/x\", {n: 1}\n");
    world.engine.settle().expect("the queue can be worked off");
    assert_eq!(world.rows("SELECT count(*) FROM gbvm_outbox WHERE state = 'delivered'"), ["1"]);
    assert!(world.peer.requests().len() <= 10);
}

#[test]
fn what_an_origin_refuses_is_dead_and_opens_no_circuit() {
    let world = with_calls(8, "  POST \"https://a.example/x\", {i: i}\n");
    (0..7).for_each(|_| world.peer.answer("POST https://a.example", 422, ""));
    world.engine.settle().expect("the queue can be worked off");
    assert_eq!(world.rows(STATES), ["dead|1|7", "delivered|1|1"]);
}

#[test]
fn every_delivery_that_changes_something_carries_its_key() {
    let world = Scenario::new(&[]);
    world.prepare("PUT \"https://a.example/1\", {n: 1}\nPATCH \"https://b.example/2\", {n: 2}\nPOST \"https://c.example/3\", {n: 3}\nSET HEADER \"Idempotency-Key\", \"own\"\nPUT \"https://d.example/4\", {n: 4}\n");
    world.engine.settle().expect("the queue can be worked off");
    let mut keys: Vec<String> = world.peer.requests().iter().flat_map(|request| &request.headers).filter(|(name, _)| name.eq_ignore_ascii_case("idempotency-key")).map(|(_, value)| value.clone()).collect();
    let mut kept = world.rows("SELECT iif(origin LIKE '%d.example', 'own', idempotency_key) FROM gbvm_outbox");
    keys.sort();
    kept.sort();
    assert_eq!(keys, kept);
}

/// Of each row and origin one call is queued; what is behind it is held until that has ended, however it did.
#[test]
fn what_waits_for_another_is_queued_when_that_has_ended() {
    let world = Scenario::new(&[]);
    world.prepare("SAVE \"items\", 1, {qty: 1}\nFOR i = 1 TO 4\n  POST \"https://a.example/\" + i, {i: i}\nNEXT i\n");
    let states = || world.rows("SELECT state FROM gbvm_outbox ORDER BY id").join(" ");
    assert_eq!(states(), "queued held held held");
    world.peer.answer("POST https://a.example/1", 422, "");
    world.peer.answer("POST https://a.example/2", 503, "");
    world.engine.settle().expect("the queue can be worked off");
    assert_eq!(states(), "dead queued held held");
    let ledger = |act: &dyn Fn(&mut gbvm::storage::Store) -> Result<bool, gbvm_vm::fault::Fault>| world.engine.world().store().and_then(|mut store| act(&mut store)).expect("it can be done");
    assert!(ledger(&|store| store.drop_delivery("2")));
    assert_eq!(states(), "dead dead queued held");
    assert!(ledger(&|store| store.replay_delivery("1")));
    assert_eq!(states(), "held dead queued held", "one at a time");
    world.engine.settle().expect("the queue can be worked off");
    assert_eq!(states(), "delivered dead delivered delivered");
}

/// What is old goes, a little at a time; what is dead, or new, stays.
#[test]
fn what_is_kept_long_enough_is_removed() {
    let world = with_calls(3, "  POST \"https://a.example/\" + i, {i: i}\n");
    world.peer.answer("POST https://a.example/1", 422, "");
    world.engine.settle().expect("the queue can be worked off");
    world.prepare("FOR i = 1 TO 2500\n  INSERT \"events\", {at: NOW(), n: i}\nNEXT i\nINSERT \"events\", {n: 0}\n");
    let (day, start) = (86_400_000, world.clock.now());
    let rows: Aged = "events.at".to_owned().try_into().expect("a table and a column");
    let retention = Retention { rows: [(rows, "2d".parse().expect("a span"))].into(), ..Retention::default() };
    let tidy = |days: i64| {
        let mut store = world.engine.world().store().expect("it is open");
        let mut rounds = 1;
        while store.tidy(&retention, Instant(start.0 + days * day)).expect("it can be tidied") {
            rounds += 1;
        }
        rounds
    };
    let counts = || world.rows("SELECT (SELECT count(*) FROM gbvm_outbox), (SELECT count(*) FROM events)");
    assert_eq!((tidy(1), counts()), (1, vec!["3|2501".to_owned()]));
    assert_eq!((tidy(3), counts()), (3, vec!["3|1".to_owned()]), "what has no time stays");
    tidy(31);
    assert_eq!(counts(), ["1|1"], "the dead one stays");
    assert_eq!(world.rows("SELECT state FROM gbvm_outbox"), ["dead"]);
}
