//! How much memory there is, and how much of it a run may take.

use std::fs;
use std::path::Path;

/// An amount of memory as a user gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// So many bytes.
    Bytes(u64),
    /// This share of what the machine or its control group allows.
    Share(f64),
}

impl Default for Amount {
    fn default() -> Amount {
        Amount::Share(0.5)
    }
}

impl Amount {
    /// Parses `2GiB`, `500MB`, `1073741824` or `50%`; what is wrong otherwise.
    pub fn parse(text: &str) -> Result<Amount, String> {
        let usage = || format!("`{text}` is no amount of memory; write it as 2GiB, 500MB or 50%");
        let text = text.trim();
        let split = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
        let number: f64 = text[..split].parse().map_err(|_| usage())?;
        let unit = text[split..].trim().to_ascii_lowercase();
        if unit == "%" {
            return if number > 0.0 && number <= 100.0 { Ok(Amount::Share(number / 100.0)) } else { Err(usage()) };
        }
        let scale = scale(&unit).ok_or_else(usage)?;
        let bytes = number * scale as f64;
        if (1.0..9e18).contains(&bytes) { Ok(Amount::Bytes(bytes as u64)) } else { Err(usage()) }
    }

    /// In bytes, on a machine that allows `machine` bytes; `None` if that would have to be known.
    pub fn bytes(self, machine: Option<u64>) -> Option<u64> {
        match self {
            Amount::Bytes(bytes) => Some(bytes),
            Amount::Share(share) => machine.map(|machine| (machine as f64 * share) as u64),
        }
    }
}

/// The bytes of a unit, in lower case: powers of 1024 with an `i`, else of 1000.
fn scale(unit: &str) -> Option<u64> {
    let letters = unit.strip_suffix('b').unwrap_or(unit);
    let (letter, base) = letters.strip_suffix('i').map_or((letters, 1000u64), |letter| (letter, 1024));
    let power = match letter {
        "" if base == 1000 => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        _ => return None,
    };
    Some(base.pow(power))
}

/// The bytes of memory that the machine, or the control group of this process, allows; `None` where nobody tells.
pub fn machine() -> Option<u64> {
    let total = meminfo(&fs::read_to_string("/proc/meminfo").ok()?)?;
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = limit_files(&own).into_iter().filter_map(|file| fs::read_to_string(file).ok()?.trim().parse().ok());
    Some(limits.fold(total, u64::min))
}

/// The total memory that `/proc/meminfo` tells.
fn meminfo(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// The files that may hold a limit, given `/proc/self/cgroup`: for the group and for all groups above it.
fn limit_files(own: &str) -> Vec<String> {
    let mut files = Vec::new();
    for line in own.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(group)) = (fields.next(), fields.next()) else { continue };
        let (root, name) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            _ if controllers.split(',').any(|c| c == "memory") => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            _ => continue,
        };
        files.extend(Path::new(group).ancestors().map(|group| format!("{root}{}/{name}", group.display())));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_parsed_or_refused_with_the_remedy() {
        assert_eq!(Amount::parse("2GiB"), Ok(Amount::Bytes(2 << 30)));
        assert_eq!(Amount::parse("500 MB"), Ok(Amount::Bytes(500_000_000)));
        assert_eq!(Amount::parse("1.5g"), Ok(Amount::Bytes(1_500_000_000)));
        assert_eq!(Amount::parse("64MiB"), Ok(Amount::Bytes(64 << 20)));
        assert_eq!(Amount::parse("4096"), Ok(Amount::Bytes(4096)));
        assert_eq!(Amount::parse("50%"), Ok(Amount::Share(0.5)));
        for wrong in ["", "much", "2GiBs", "2XB", "-1", "0", "0%", "101%", "1.2.3", "i", "9999999TiB"] {
            assert!(Amount::parse(wrong).is_err_and(|e| e.contains("2GiB")), "{wrong}");
        }
    }

    #[test]
    fn a_share_needs_a_machine() {
        assert_eq!(Amount::Share(0.25).bytes(Some(400)), Some(100));
        assert_eq!(Amount::Share(0.25).bytes(None), None);
        assert_eq!(Amount::Bytes(7).bytes(None), Some(7));
    }

    #[test]
    fn limits_of_both_kinds_of_control_groups_are_looked_for() {
        assert_eq!(meminfo("MemTotal:       24683656 kB\nMemFree: 1 kB"), Some(24_683_656 * 1024));
        let v2 = limit_files("0::/a/b\n");
        assert_eq!(v2, ["/a/b", "/a", "/"].map(|g| format!("/sys/fs/cgroup{g}/memory.max")));
        let v1 = limit_files("5:cpu,cpuacct:/x\n4:memory:/\n");
        assert_eq!(v1, ["/sys/fs/cgroup/memory//memory.limit_in_bytes"]);
        if cfg!(target_os = "linux") {
            assert!(machine().is_some_and(|bytes| bytes > 1 << 20));
        }
    }
}
