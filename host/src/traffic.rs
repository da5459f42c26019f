//! What may go to which system, and when: a circuit that opens when an origin fails, and the rates a project sets.
//!
//! The state lives in memory: after a start every origin is tried anew.

use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;
use std::sync::Arc;

use gbvm_vm::instant::Instant;
use parking_lot::Mutex;
use serde::Deserialize;

/// Failures in a row that open an origin's circuit.
const FAILURES_MAX: u32 = 5;
/// How long a circuit is open at first, in milliseconds. It doubles with each probe that fails.
const OPEN_MS: i64 = 30_000;
/// How long it is open at most, in milliseconds.
const OPEN_MAX_MS: i64 = 600_000;
/// How many deliveries go to one origin at one time, where the project does not say.
const CONCURRENCY: usize = 8;

/// What a project says of an origin.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// How many calls a time: `10/s`, `600/min`, `1000/h`.
    pub rate: Option<Rate>,
    /// How many calls may go at once after a pause; by default as many as a second allows, and at least one.
    pub burst: Option<u32>,
    /// How many deliveries go on at one time.
    pub concurrency: Option<usize>,
}

/// How many calls a second.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub struct Rate(f64);

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Rate, String> {
        let wrong = || format!("{text:?} is no rate such as \"10/s\", \"600/min\" or \"1000/h\"");
        let (count, time) = text.split_once('/').ok_or_else(wrong)?;
        let count: f64 = count.trim().parse().map_err(|_| wrong())?;
        let seconds = match time.trim() {
            "s" => 1.0,
            "min" => 60.0,
            "h" => 3_600.0,
            _ => return Err(wrong()),
        };
        if count > 0.0 && count.is_finite() { Ok(Rate(count / seconds)) } else { Err(wrong()) }
    }
}

impl TryFrom<String> for Rate {
    type Error = String;

    fn try_from(text: String) -> Result<Rate, String> {
        text.parse()
    }
}

/// The traffic to all origins.
#[derive(Default)]
pub struct Traffic {
    rules: BTreeMap<String, Rule>,
    lanes: Mutex<HashMap<String, Lane>>,
}

/// The way to one origin.
#[derive(Clone, Debug, Default)]
struct Lane {
    /// Calls that may go at once, as of `filled_at`; none where no rate is set.
    tokens: f64,
    filled_at: Option<Instant>,
    under_way: usize,
    failures: u32,
    circuit: Circuit,
}

/// Whether an origin is asked at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Circuit {
    #[default]
    Closed,
    /// Nothing goes until then; it has been open so long.
    Open { until: Instant, for_ms: i64 },
    /// One call is under way, which decides.
    Probing { for_ms: i64 },
}

/// A delivery under way to an origin. Dropped before it has ended, it says nothing of the origin.
pub struct UnderWay {
    traffic: Arc<Traffic>,
    origin: String,
    has_ended: bool,
}

impl UnderWay {
    /// Notes how it ended: whether the origin answered in a way that lets it be asked again; none where that is not known.
    pub fn ended(mut self, now: Instant, answered: Option<bool>) {
        self.has_ended = true;
        self.traffic.ended(&self.origin, now, answered);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if !self.has_ended {
            self.traffic.ended(&self.origin, Instant(0), None);
        }
    }
}

/// Why nothing goes to an origin now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Until then.
    Until(Instant),
    /// Until a call that is under way has ended.
    Busy,
}

impl Traffic {
    /// Traffic under these rules, by origin in lower case.
    pub fn new(rules: BTreeMap<String, Rule>) -> Traffic {
        Traffic { rules, lanes: Mutex::default() }
    }

    /// Lets a delivery go to an origin.
    ///
    /// # Errors
    /// [`Refused`] where none may go now.
    pub fn deliver(self: &Arc<Traffic>, origin: &str, now: Instant) -> Result<UnderWay, Refused> {
        let rule = self.rules.get(origin);
        let mut lanes = self.lanes.lock();
        let lane = lanes.entry(origin.to_owned()).or_default();
        lane.may_deliver(rule, now)?;
        lane.take_token(rule, now)?;
        if let Circuit::Open { for_ms, .. } = lane.circuit {
            lane.circuit = Circuit::Probing { for_ms };
        }
        lane.under_way += 1;
        Ok(UnderWay { traffic: Arc::clone(self), origin: origin.to_owned(), has_ended: false })
    }

    /// How many deliveries may go to an origin now.
    pub fn room(&self, origin: &str, now: Instant) -> usize {
        let rule = self.rules.get(origin);
        let mut lanes = self.lanes.lock();
        let lane = lanes.entry(origin.to_owned()).or_default();
        match lane.may_deliver(rule, now) {
            Err(_) => 0,
            Ok(()) if lane.wait_for_token(rule, now).is_some() => 0,
            // The probe goes alone.
            Ok(()) if lane.circuit != Circuit::Closed => 1,
            Ok(()) => most_under_way(rule).saturating_sub(lane.under_way),
        }
    }

    fn ended(&self, origin: &str, now: Instant, answered: Option<bool>) {
        let mut lanes = self.lanes.lock();
        let Some(lane) = lanes.get_mut(origin) else { return };
        lane.under_way = lane.under_way.saturating_sub(1);
        match (answered, lane.circuit) {
            (Some(true), _) => {
                if lane.circuit != Circuit::Closed {
                    tracing::info!("{origin} answers again");
                }
                lane.failures = 0;
                lane.circuit = Circuit::Closed;
            }
            (Some(false), Circuit::Probing { for_ms }) => lane.open(origin, now, (for_ms * 2).min(OPEN_MAX_MS)),
            (Some(false), Circuit::Closed) => {
                lane.failures += 1;
                if lane.failures >= FAILURES_MAX {
                    lane.open(origin, now, OPEN_MS);
                }
            }
            // It was sent before the circuit opened.
            (Some(false), Circuit::Open { .. }) => {}
            // The next one is the probe.
            (None, Circuit::Probing { for_ms }) => lane.circuit = Circuit::Open { until: now, for_ms },
            (None, Circuit::Closed | Circuit::Open { .. }) => {}
        }
    }

    /// Takes the place of a call whose answer a script waits for; tells until when it has to wait instead. Such calls have
    /// tries of their own, and no circuit.
    ///
    /// # Errors
    /// When to ask again.
    pub fn call(&self, origin: &str, now: Instant) -> Result<(), Instant> {
        let Some(rule) = self.rules.get(origin) else { return Ok(()) };
        let mut lanes = self.lanes.lock();
        match lanes.entry(origin.to_owned()).or_default().take_token(Some(rule), now) {
            Err(Refused::Until(until)) => Err(until),
            Ok(()) | Err(Refused::Busy) => Ok(()),
        }
    }

    /// Until when each open circuit lets nothing go, by origin.
    pub fn open_circuits(&self) -> Vec<(String, Instant)> {
        let lanes = self.lanes.lock();
        let mut open: Vec<(String, Instant)> = lanes
            .iter()
            .filter_map(|(origin, lane)| match lane.circuit {
                Circuit::Open { until, .. } => Some((origin.clone(), until)),
                Circuit::Closed | Circuit::Probing { .. } => None,
            })
            .collect();
        open.sort();
        open
    }
}

fn most_under_way(rule: Option<&Rule>) -> usize {
    rule.and_then(|rule| rule.concurrency).unwrap_or(CONCURRENCY).max(1)
}

impl Lane {
    fn may_deliver(&self, rule: Option<&Rule>, now: Instant) -> Result<(), Refused> {
        match self.circuit {
            Circuit::Probing { .. } => return Err(Refused::Busy),
            Circuit::Open { until, .. } if until > now => return Err(Refused::Until(until)),
            Circuit::Open { .. } | Circuit::Closed => {}
        }
        if self.under_way < most_under_way(rule) { Ok(()) } else { Err(Refused::Busy) }
    }

    /// When the next call may go, if not now.
    fn wait_for_token(&mut self, rule: Option<&Rule>, now: Instant) -> Option<Instant> {
        let (Rate(rate), burst) = rule.and_then(|rule| Some((rule.rate?, rule.burst)))?;
        let most = burst.map_or(rate.max(1.0), f64::from).max(1.0);
        let passed_ms = self.filled_at.map_or(i64::MAX, |filled| now.0.saturating_sub(filled.0)).max(0);
        self.tokens = (self.tokens + passed_ms as f64 * rate / 1_000.0).min(most);
        self.filled_at = Some(now);
        (self.tokens < 1.0).then(|| Instant(now.0.saturating_add(((1.0 - self.tokens) * 1_000.0 / rate).ceil() as i64)))
    }

    fn take_token(&mut self, rule: Option<&Rule>, now: Instant) -> Result<(), Refused> {
        match self.wait_for_token(rule, now) {
            Some(until) => Err(Refused::Until(until)),
            None => {
                self.tokens -= 1.0;
                Ok(())
            }
        }
    }

    fn open(&mut self, origin: &str, now: Instant, for_ms: i64) {
        tracing::warn!("{origin} has failed {FAILURES_MAX} times in a row, or its probe: nothing is delivered there for {} s", for_ms / 1_000);
        self.circuit = Circuit::Open { until: now.plus_millis(for_ms).unwrap_or(gbvm_vm::instant::LAST), for_ms };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CRM: &str = "https://api.crm.com";

    fn go(traffic: &Arc<Traffic>, now: i64) -> UnderWay {
        traffic.deliver(CRM, Instant(now)).unwrap_or_else(|refused| panic!("it may not go at {now}: {refused:?}"))
    }

    fn refused(traffic: &Arc<Traffic>, now: i64) -> Option<Refused> {
        traffic.deliver(CRM, Instant(now)).err()
    }

    fn fails(traffic: &Arc<Traffic>, now: i64, times: u32) {
        for _ in 0..times {
            go(traffic, now).ended(Instant(now), Some(false));
        }
    }

    #[test]
    fn five_failures_open_the_circuit_and_one_probe_decides() {
        let traffic = Arc::<Traffic>::default();
        fails(&traffic, 0, 4);
        go(&traffic, 0).ended(Instant(0), Some(true));
        fails(&traffic, 0, 5);
        assert_eq!(refused(&traffic, 29_999), Some(Refused::Until(Instant(30_000))));
        assert_eq!((traffic.room(CRM, Instant(29_999)), traffic.room(CRM, Instant(30_000))), (0, 1));
        assert!(traffic.deliver("https://other.example", Instant(0)).is_ok(), "others are not concerned");
        let probe = go(&traffic, 30_000);
        assert_eq!(refused(&traffic, 30_000), Some(Refused::Busy), "one probe, not two");
        probe.ended(Instant(31_000), Some(false));
        assert_eq!(traffic.open_circuits(), [(CRM.to_owned(), Instant(91_000))], "twice as long");
        go(&traffic, 91_000).ended(Instant(91_500), Some(true));
        fails(&traffic, 91_500, 4);
        assert_eq!(traffic.open_circuits(), []);
    }

    #[test]
    fn a_circuit_is_open_for_ten_minutes_at_most() {
        let traffic = Arc::<Traffic>::default();
        fails(&traffic, 0, 5);
        let mut now = 30_000;
        for _ in 0..8 {
            go(&traffic, now).ended(Instant(now), Some(false));
            now = traffic.open_circuits()[0].1.0;
        }
        go(&traffic, now).ended(Instant(now), Some(false));
        assert_eq!(traffic.open_circuits()[0].1.0 - now, 600_000);
    }

    #[test]
    fn a_probe_that_was_cut_short_is_made_again() {
        let traffic = Arc::<Traffic>::default();
        fails(&traffic, 0, 5);
        go(&traffic, 30_000).ended(Instant(30_000), None);
        drop(go(&traffic, 30_000));
        drop(go(&traffic, 30_000));
    }

    #[test]
    fn eight_go_at_one_time_unless_the_project_says_otherwise() {
        for (rules, most) in [(BTreeMap::new(), 8), (BTreeMap::from([(CRM.to_owned(), Rule { concurrency: Some(2), ..Rule::default() })]), 2)] {
            let traffic = Arc::new(Traffic::new(rules));
            let mut went: Vec<UnderWay> = (0..20).filter_map(|_| traffic.deliver(CRM, Instant(0)).ok()).collect();
            assert_eq!(went.len(), most);
            assert_eq!(traffic.room(CRM, Instant(0)), 0);
            went.pop();
            assert_eq!(traffic.room(CRM, Instant(0)), 1, "a place is free");
        }
    }

    #[test]
    fn a_rate_holds_on_average_and_lets_a_burst_go() {
        let rule = Rule { rate: "10/s".parse().ok(), burst: Some(20), concurrency: Some(1_000) };
        let traffic = Arc::new(Traffic::new(BTreeMap::from([(CRM.to_owned(), rule)])));
        let under_way = std::cell::RefCell::new(Vec::new());
        let went = |from: i64, to: i64| {
            let gone = (from..to).filter_map(|now| traffic.deliver(CRM, Instant(now)).ok());
            let before = under_way.borrow().len();
            under_way.borrow_mut().extend(gone);
            under_way.borrow().len() - before
        };
        assert_eq!(went(0, 1), 1);
        assert_eq!(went(1, 1_001), 29, "the rest of the burst, and ten a second");
        assert_eq!(went(1_001, 11_001), 100);
        assert_eq!(traffic.call(CRM, Instant(11_001)), Err(Instant(11_100)), "calls and deliveries share the rate");
    }

    #[test]
    fn rates_are_read() {
        for (text, rate) in [("10/s", 10.0), ("600/min", 10.0), (" 36000 / h ", 10.0), ("0.5/s", 0.5)] {
            assert_eq!(text.parse(), Ok(Rate(rate)), "{text}");
        }
        for text in ["", "10", "10/", "/s", "-1/s", "0/s", "10/day", "inf/s", "NaN/s"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }
}
