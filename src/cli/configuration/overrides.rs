//! `[[override]]`: what is different for some sources, by glob.
//!
//! Only what can differ between sources without making a comparison depend on its direction: similarity, shingles, tokens
//! and units have to be the same for both texts of a pair, so they hold for all.

use serde_json::{Map, Value, json};

/// What can be overridden, and what it does; each adds the globs to the list of that name.
pub(super) const KEYS: [(&str, &str); 3] = [
    ("exclude", "Leave these sources out"),
    ("protect", "Remove nothing from these sources, but compare with them"),
    ("prefer", "Keep copies in these sources rather than in others"),
];

/// The key with the globs.
pub(super) const FILES: &str = "files";

/// The schema of one override.
pub(super) fn schema() -> Value {
    let mut properties: Map<String, Value> = Map::new();
    for (name, description) in KEYS {
        properties.insert(name.to_owned(), json!({"type": "boolean", "description": description}));
    }
    let globs = json!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]});
    properties.insert(FILES.to_owned(), globs);
    json!({"type": "object", "additionalProperties": false, "required": [FILES], "properties": properties})
}
