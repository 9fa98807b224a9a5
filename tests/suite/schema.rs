//! JSON Schema, as much of draft 7 as the schemas in `tests/schemas` and our own use; an unknown keyword is a panic, not
//! something that holds.

use serde_json::Value;

/// Fails with everything that the schema has against `value`.
#[track_caller]
pub(crate) fn assert_valid(schema: &str, value: &Value) {
    let found = faults(schema, value);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Everything that the schema has against `value`.
pub(crate) fn faults(schema: &str, value: &Value) -> Vec<String> {
    let root: Value = serde_json::from_str(schema).unwrap();
    let mut faults = Vec::new();
    Checker { root: &root, faults: &mut faults }.check(&root, value, "");
    faults
}

struct Checker<'a> {
    root: &'a Value,
    faults: &'a mut Vec<String>,
}

impl Checker<'_> {
    fn check(&mut self, schema: &Value, value: &Value, at: &str) {
        for (keyword, rule) in schema.as_object().unwrap_or_else(|| panic!("{schema} is no schema")) {
            if let Some(fault) = self.keyword(schema, keyword, rule, value, at) {
                self.faults.push(format!("{at}: {fault}"));
            }
        }
    }

    fn holds(&self, schema: &Value, value: &Value) -> bool {
        let mut faults = Vec::new();
        Checker { root: self.root, faults: &mut faults }.check(schema, value, "");
        faults.is_empty()
    }

    fn keyword(&mut self, schema: &Value, keyword: &str, rule: &Value, value: &Value, at: &str) -> Option<String> {
        let count = |holds: fn(usize, usize) -> bool, n: Option<usize>| {
            n.is_none_or(|n| holds(n, rule.as_u64().unwrap() as usize)).then_some(())
        };
        let number =
            |holds: fn(f64, f64) -> bool| value.as_f64().is_none_or(|n| holds(n, rule.as_f64().unwrap())).then_some(());
        let holds = match keyword {
            "$ref" => {
                let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                let target = self.root.pointer(pointer).unwrap().clone();
                self.check(&target, value, at);
                Some(())
            }
            "type" => is_of_type(rule, value).then_some(()),
            "enum" => rule.as_array().unwrap().contains(value).then_some(()),
            "const" => (rule == value).then_some(()),
            "minimum" => number(|n, least| n >= least),
            "maximum" => number(|n, most| n <= most),
            "exclusiveMinimum" => number(|n, least| n > least),
            "minItems" => count(|n, least| n >= least, value.as_array().map(Vec::len)),
            "maxItems" => count(|n, most| n <= most, value.as_array().map(Vec::len)),
            "minLength" => count(|n, least| n >= least, value.as_str().map(|s| s.chars().count())),
            "uniqueItems" => is_unique(value).then_some(()),
            "pattern" => value.as_str().is_none_or(|text| matches(rule.as_str().unwrap(), text)).then_some(()),
            "anyOf" => rule.as_array().unwrap().iter().any(|any| self.holds(any, value)).then_some(()),
            "oneOf" => {
                (rule.as_array().unwrap().iter().filter(|one| self.holds(one, value)).count() == 1).then_some(())
            }
            "not" => (!self.holds(rule, value)).then_some(()),
            "required" => rule
                .as_array()
                .unwrap()
                .iter()
                .all(|name| value.as_object().is_none_or(|object| object.contains_key(name.as_str().unwrap())))
                .then_some(()),
            "items" => {
                for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.check(rule, item, &format!("{at}/{i}"));
                }
                Some(())
            }
            "properties" | "additionalProperties" => {
                self.members(schema, keyword, rule, value, at);
                Some(())
            }
            "$schema" | "$id" | "title" | "description" | "default" | "definitions" | "format" | "$comment" => Some(()),
            other => panic!("the checker does not know `{other}`"),
        };
        holds.is_none().then(|| format!("{value} breaks {keyword}: {rule}"))
    }

    fn members(&mut self, schema: &Value, keyword: &str, rule: &Value, value: &Value, at: &str) {
        let listed = |name: &str| schema["properties"].get(name);
        for (name, member) in value.as_object().into_iter().flatten() {
            let at = format!("{at}/{name}");
            match (keyword, listed(name)) {
                ("properties", Some(schema)) => self.check(schema, member, &at),
                ("additionalProperties", None) if *rule == false => {
                    self.faults.push(format!("{at}: not in the schema"))
                }
                ("additionalProperties", None) if rule.is_object() => self.check(rule, member, &at),
                _ => {}
            }
        }
    }
}

fn is_of_type(rule: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("`{other}` is no type"),
    };
    match rule {
        Value::Array(names) => names.iter().any(|name| is(name.as_str().unwrap())),
        name => is(name.as_str().unwrap()),
    }
}

fn is_unique(value: &Value) -> bool {
    let items = value.as_array().map_or(&[][..], Vec::as_slice);
    items.iter().enumerate().all(|(i, item)| !items[..i].contains(item))
}

/// The few patterns that the schemas use.
fn matches(pattern: &str, text: &str) -> bool {
    let hex = |text: &str, lengths: &[usize]| {
        let parts: Vec<&str> = text.split('-').collect();
        let lengths_fit = parts.iter().map(|p| p.len()).eq(lengths.iter().copied());
        lengths_fit && parts.iter().all(|p| p.chars().all(|c| c.is_ascii_hexdigit()))
    };
    match pattern {
        "^[^/.]" => !text.is_empty() && !text.starts_with(['/', '.']),
        "[0-9]+(\\.[0-9]+){3}" => text.split('.').count() == 4,
        _ if pattern.contains("[0-9a-fA-F]{8}") || pattern.contains("[0-9a-f]{8}") => hex(text, &[8, 4, 4, 4, 12]),
        _ if pattern.contains('/') => text.split('/').all(|part| !part.trim().is_empty()),
        other => panic!("the checker does not know the pattern {other}"),
    }
}

#[test]
fn the_checker_finds_what_is_wrong() {
    let sarif = include_str!("../schemas/sarif-2.1.0.json");
    let good = serde_json::json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": []}]});
    assert_eq!(faults(sarif, &good), Vec::<String>::new());
    for (pointer, wrong) in [
        ("/version", serde_json::json!("2.0.0")),
        ("/runs", serde_json::json!({})),
        ("/runs/0", serde_json::json!({"results": []})),
        ("/runs/0/tool", serde_json::json!({"driver": {"name": "x", "colour": "red"}})),
        ("/runs/0/results", serde_json::json!([{"message": {"text": 3}}])),
        ("/runs/0/results", serde_json::json!([{"message": {"text": "m"}, "level": "fatal"}])),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = wrong;
        assert!(!faults(sarif, &bad).is_empty(), "{bad}");
    }
}
