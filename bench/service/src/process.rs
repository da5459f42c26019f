//! The processor time of a process with its threads and children, as Linux tells it.

use std::fs;
use std::time::Duration;

/// The time that a process and all it started have used, user and system together.
pub fn cpu_time(pid: u32) -> Duration {
    let ticks = ticks_of_tree(pid);
    Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// Those that have ended count where they were waited for. A process that is gone counts nothing.
fn ticks_of_tree(pid: u32) -> u64 {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return 0 };
    // The command's name, in brackets, may hold anything; utime, stime, cutime and cstime are the 12th to 15th after it.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let own: u64 = fields.split_whitespace().skip(11).take(4).filter_map(|field| field.parse::<u64>().ok()).sum();
    own + children(pid).into_iter().map(ticks_of_tree).sum::<u64>()
}

fn children(pid: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|child| child.parse().ok()).collect::<Vec<u32>>()).collect()
}
