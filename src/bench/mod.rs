//! What a machine takes for a corpus: measured runs, their quality, and forecasts from a sample.
//!
//! In: times and memory that somebody else measured (this module has no clock and starts nothing). Out: statistics,
//! recall and precision with confidence intervals, a table, the JSON of hyperfine with more fields, Markdown, and the
//! forecast of `unecho plan`. Always: no number without what it rests on: spread, interval or range.

mod export;
mod forecast;
mod quality;
mod runs;
mod stats;
mod table;

pub use export::{json, markdown};
pub use forecast::{Forecast, Known, Observation, forecast, forecast_json, forecast_text};
pub use quality::{Basis, Quality, planted, sampled};
pub use runs::{Bench, Machine, Sample, Setting};
pub use stats::{Estimate, Share, Summary};
pub use table::table;
