//! Runs that were measured, by setting.

use super::quality::Quality;
use super::stats::Summary;

/// One run of the command, in a process of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// Wall time from start to end, in seconds.
    pub seconds: f64,
    /// Processor time in the program, in seconds; `None` where the system does not tell.
    pub user: Option<f64>,
    /// Processor time in the system for it.
    pub system: Option<f64>,
    /// The greatest resident memory, in bytes.
    pub peak_memory: Option<u64>,
    /// Wall time of each stage, in order.
    pub stages: Vec<(String, f64)>,
}

/// One way to run it, and how often that was done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Setting {
    /// What `--unit` says.
    pub unit: String,
    /// Worker threads.
    pub threads: usize,
    /// The command.
    pub command: String,
    /// The runs that count, in order.
    pub samples: Vec<Sample>,
}

impl Setting {
    /// Wall times of all runs.
    pub fn times(&self) -> Vec<f64> {
        self.samples.iter().map(|sample| sample.seconds).collect()
    }

    /// What the wall times come to; zeros if there are none.
    pub fn summary(&self) -> Summary {
        let none = Summary { mean: 0.0, stddev: None, median: 0.0, min: 0.0, max: 0.0 };
        Summary::new(&self.times()).unwrap_or(none)
    }

    /// The median of what was measured of all runs; `None` if it was not.
    pub fn median(&self, measure: impl Fn(&Sample) -> Option<f64>) -> Option<f64> {
        let values: Option<Vec<f64>> = self.samples.iter().map(measure).collect();
        Summary::new(&values?).map(|summary| summary.median)
    }

    /// The mean of what was measured of all runs; `None` if it was not.
    pub(super) fn mean(&self, measure: impl Fn(&Sample) -> Option<f64>) -> Option<f64> {
        let values: Option<Vec<f64>> = self.samples.iter().map(measure).collect();
        Summary::new(&values?).map(|summary| summary.mean)
    }

    /// The greatest memory of all runs.
    pub fn peak_memory(&self) -> Option<u64> {
        self.samples.iter().filter_map(|sample| sample.peak_memory).max()
    }

    /// Median wall time of each stage, in order.
    pub fn stages(&self) -> Vec<(String, f64)> {
        let Some(first) = self.samples.first() else { return Vec::new() };
        let time = |sample: &Sample, name: &str| sample.stages.iter().find(|(n, _)| n == name).map(|(_, time)| *time);
        let median = |name: &String| Some((name.clone(), self.median(|sample| time(sample, name))?));
        first.stages.iter().filter_map(|(name, _)| median(name)).collect()
    }
}

/// The machine, as far as it tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Name of the processor.
    pub processor: String,
    /// Threads that run at once.
    pub cores: usize,
    /// Operating system and architecture.
    pub system: String,
    /// The version of unecho.
    pub unecho: String,
}

/// All that was measured of one corpus.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bench {
    /// Which corpus.
    pub corpus: String,
    /// Its decoded bytes.
    pub bytes: u64,
    /// Its documents.
    pub documents: u64,
    /// Runs before those that count.
    pub warmup: usize,
    /// The settings, in the order in which they were given.
    pub settings: Vec<Setting>,
    /// How well documents were found, if that was asked for.
    pub quality: Option<Quality>,
    /// The threshold that it was asked at.
    pub similarity: f64,
    /// Where it ran.
    pub machine: Machine,
}

impl Bench {
    /// Decoded megabytes a second, at the median.
    pub fn megabytes_per_second(&self, setting: &Setting) -> f64 {
        per_second(self.bytes as f64 / 1e6, setting.summary().median)
    }

    /// Documents a second, at the median.
    pub fn documents_per_second(&self, setting: &Setting) -> f64 {
        per_second(self.documents as f64, setting.summary().median)
    }

    /// Times the time of the same threads with nothing searched; `None` if that was not run.
    pub fn times_none(&self, setting: &Setting) -> Option<f64> {
        let none = self.settings.iter().find(|other| other.unit == "none" && other.threads == setting.threads)?;
        Some(per_second(setting.summary().median, none.summary().median))
    }

    /// How many times as fast as the same unit with the fewest threads; `None` if this is that one.
    pub fn scaling(&self, setting: &Setting) -> Option<f64> {
        let same = self.settings.iter().filter(|other| other.unit == setting.unit);
        let fewest = same.min_by_key(|other| other.threads)?;
        let faster = || per_second(fewest.summary().median, setting.summary().median);
        (fewest.threads != setting.threads).then(faster)
    }
}

/// So much in so long; 0 if no time was measured.
pub(super) fn per_second(amount: f64, seconds: f64) -> f64 {
    if seconds > 0.0 { amount / seconds } else { 0.0 }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::quality::Basis;
    use super::super::stats::Share;
    use super::*;

    pub(in super::super) fn example() -> Bench {
        let sample = |seconds: f64| Sample {
            seconds,
            user: Some(seconds * 1.5),
            system: Some(0.1),
            peak_memory: Some((seconds * 1e6) as u64),
            stages: vec![("read".to_owned(), seconds / 4.0), ("write".to_owned(), seconds / 2.0)],
        };
        let setting = |unit: &str, threads: usize, times: &[f64]| Setting {
            unit: unit.to_owned(),
            threads,
            command: format!("unecho clean in -o out --unit {unit} -j {threads}"),
            samples: times.iter().map(|&seconds| sample(seconds)).collect(),
        };
        let quality = Quality {
            basis: Basis::Planted,
            recall: Share { hits: 99, of: 100 },
            precision: Share { hits: 99, of: 99 },
            promised: Some(0.985),
            kinds: vec![("exact".to_owned(), Share { hits: 50, of: 50 })],
        };
        Bench {
            corpus: "made up".to_owned(),
            bytes: 10_000_000,
            documents: 4_000,
            warmup: 1,
            settings: vec![
                setting("none", 1, &[1.0, 1.0, 1.0]),
                setting("document", 1, &[2.0, 2.2, 1.8]),
                setting("document", 2, &[1.0, 1.1, 0.9]),
            ],
            quality: Some(quality),
            similarity: 0.8,
            machine: Machine { cores: 2, ..Machine::default() },
        }
    }

    #[test]
    fn throughput_and_ratios() {
        let bench = example();
        let [none, one, two] = bench.settings.as_slice() else { unreachable!() };
        assert_eq!((bench.megabytes_per_second(one), bench.documents_per_second(one)), (5.0, 2000.0));
        assert_eq!(
            (bench.times_none(one), bench.times_none(two), bench.times_none(none)),
            (Some(2.0), None, Some(1.0))
        );
        assert_eq!((bench.scaling(one), bench.scaling(two)), (None, Some(2.0)));
        assert_eq!(one.stages(), [("read".to_owned(), 0.5), ("write".to_owned(), 1.0)]);
        assert_eq!(one.peak_memory(), Some(2_200_000));
        assert_eq!(Setting::default().summary().mean, 0.0);
    }
}
