//! Why a copy stayed, in words.
//!
//! In: the options of the run card. Out: for each kept copy a phrase that follows "kept because". Always: it says what the
//! rule of `--protect`, `--prefer` and `--keep` was, in the order in which they count.

use std::path::Path;

use serde_json::Value;

use crate::error::Result;
use crate::resolve::Globs;

/// The rules by which copies stayed.
pub(super) struct Reasons {
    keep: String,
    prefer: Globs,
    protect: Globs,
}

impl Reasons {
    /// Reads the options `keep`, `prefer` and `protect`; what is missing counts as not given.
    pub(super) fn new(options: &Value) -> Result<Reasons> {
        let globs = |name: &str| {
            let patterns = options[name].as_array().into_iter().flatten();
            let patterns: Vec<String> = patterns.filter_map(|p| Some(p.as_str()?.to_owned())).collect();
            Globs::new(&patterns, &format!("--{name}"))
        };
        let keep = options["keep"].as_str().unwrap_or("first").to_owned();
        Ok(Reasons { keep, prefer: globs("prefer")?, protect: globs("protect")? })
    }

    /// Why the copy in this source stayed; `inside` one document if all copies stand in the same.
    pub(super) fn of(&self, source: &str, inside: bool) -> String {
        let path = Path::new(source);
        if self.protect.first_match(path).is_some() {
            return "its source is protected".to_owned();
        }
        if inside && self.keep != "none" {
            let place = if self.keep == "last" { "last" } else { "first" };
            return format!("it stands {place} in its document");
        }
        if self.prefer.first_match(path).is_some() {
            return "its source is preferred".to_owned();
        }
        match self.keep.split_once(':') {
            Some(("max", field)) => format!("its document has the greatest {field}"),
            Some(("min", field)) => format!("its document has the least {field}"),
            _ => match self.keep.as_str() {
                "last" => "it was read last".to_owned(),
                "longest" => "its document is the longest".to_owned(),
                "shortest" => "its document is the shortest".to_owned(),
                "none" => "it was read first (and goes too: keep is none)".to_owned(),
                _ => "it was read first".to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reason(options: Value, source: &str, inside: bool) -> String {
        Reasons::new(&options).unwrap().of(source, inside)
    }

    #[test]
    fn the_first_rule_that_applies_is_the_reason() {
        let options = json!({"keep": "max:quality", "prefer": ["good/**"], "protect": ["archive/**"]});
        assert_eq!(reason(options.clone(), "archive/a.txt", true), "its source is protected");
        assert_eq!(reason(options.clone(), "good/a.txt", false), "its source is preferred");
        assert_eq!(reason(options.clone(), "good/a.txt", true), "it stands first in its document");
        assert_eq!(reason(options, "b.txt", false), "its document has the greatest quality");
    }

    #[test]
    fn without_options_the_first_read_stays() {
        assert_eq!(reason(Value::Null, "a", false), "it was read first");
        assert_eq!(reason(json!({"keep": "last"}), "a", true), "it stands last in its document");
    }
}
