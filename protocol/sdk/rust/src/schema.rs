//! JSON Schemas of Rust types.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// JSON Schema 2020-12 of what a type takes.
pub(crate) fn params_schema<T: JsonSchema>() -> Value {
    schema::<T>(SchemaSettings::draft2020_12())
}

/// JSON Schema 2020-12 of what a type gives: members that are left out or never left out differ from the above.
pub(crate) fn result_schema<T: JsonSchema>() -> Value {
    schema::<T>(SchemaSettings::draft2020_12().for_serialize())
}

/// JSON Schema of a configuration, as flat as configurations are: nothing is null there, it is left out instead.
pub(crate) fn config_schema<T: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    let mut schema = schema::<T>(settings);
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(without_null);
    }
    schema
}

fn without_null(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    if members.get("default").is_some_and(Value::is_null) {
        members.remove("default");
    }
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|each| each != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            members.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(values)) = members.get_mut("enum") {
        values.retain(|each| !each.is_null());
    }
    if let Some(Value::Array(choices)) = members.get_mut("anyOf") {
        choices.retain(|each| each["type"] != "null");
        if let [Value::Object(only)] = &choices[..] {
            let only = only.clone();
            members.remove("anyOf");
            // What the field says of itself stands before what its type says.
            for (name, value) in only {
                members.entry(name).or_insert(value);
            }
        }
    }
}

fn schema<T: JsonSchema>(mut settings: SchemaSettings) -> Value {
    // The page of the protocol says which draft it is, in one place for all.
    settings.meta_schema = None;
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    // The name of a Rust type is no part of a contract.
    schema.remove("title");
    schema.to_value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    #[allow(dead_code)]
    enum Mode {
        Fast,
        Safe,
    }

    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Config {
        roots: Vec<std::path::PathBuf>,
        /// Seen by people.
        label: Option<String>,
        #[serde(default)]
        note: Option<String>,
        /// How it goes about it.
        mode: Option<Mode>,
    }

    #[test]
    fn a_configuration_is_described_without_null() {
        let schema = config_schema::<Config>();
        assert_eq!(schema["required"], json!(["roots"]));
        assert_eq!(
            schema["properties"],
            json!({
                "roots": { "type": "array", "items": { "type": "string" } },
                "label": { "type": "string", "description": "Seen by people." },
                "note": { "type": "string" },
                "mode": { "type": "string", "enum": ["fast", "safe"], "description": "How it goes about it." },
            })
        );
    }
}
