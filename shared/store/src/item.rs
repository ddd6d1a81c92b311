//! Items as DynamoDB has them: a few attributes that conditions and keys need, and the rest as one JSON
//! document, read back by type.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::keys::{EXPIRES, Key, PK, SK};

pub(crate) type Item = HashMap<String, AttributeValue>;

/// The attribute that holds the document.
const DOC: &str = "doc";
/// The attribute that holds bytes.
const BLOB: &str = "blob";
/// The attribute that conditions compare.
pub(crate) const VERSION: &str = "version";
/// The attribute of the head of a query that says how often it was written anew at its version.
pub(crate) const REFRESHES: &str = "refreshes";

impl Key {
    /// The key as attributes.
    pub(crate) fn item(&self) -> Item {
        HashMap::from([
            (PK.to_owned(), AttributeValue::S(self.pk.clone())),
            (SK.to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }

    /// The key of an item. An item of the table has one; what has none gets empty parts.
    pub(crate) fn of(item: &Item) -> Self {
        let part = |name| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
        Self { pk: part(PK), sk: part(SK) }
    }

    /// An item of this key with a document.
    pub(crate) fn with_doc(&self, doc: &impl Serialize) -> Result<Item, StoreError> {
        let doc = serde_json::to_string(doc).map_err(|error| StoreError::Unexpected(error.to_string()))?;
        Ok(self.with([(DOC, AttributeValue::S(doc))]))
    }

    /// An item of this key with bytes.
    pub(crate) fn with_blob(&self, bytes: Vec<u8>) -> Item {
        self.with([(BLOB, AttributeValue::B(Blob::new(bytes)))])
    }

    /// An item of this key with these attributes.
    pub(crate) fn with<const N: usize>(&self, attributes: [(&str, AttributeValue); N]) -> Item {
        let mut item = self.item();
        item.extend(attributes.map(|(name, value)| (name.to_owned(), value)));
        item
    }
}

/// A number as DynamoDB writes it.
pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The document of an item.
pub(crate) fn doc<T: DeserializeOwned>(item: &Item) -> Result<T, StoreError> {
    let text = item.get(DOC).and_then(|value| value.as_s().ok());
    let text = text.ok_or_else(|| StoreError::corrupt(&Key::of(item), "it has no document"))?;
    serde_json::from_str(text).map_err(|error| StoreError::corrupt(&Key::of(item), error))
}

/// The bytes of an item.
pub(crate) fn blob(item: &Item) -> Result<&[u8], StoreError> {
    let bytes = item.get(BLOB).and_then(|value| value.as_b().ok());
    bytes.map(AsRef::as_ref).ok_or_else(|| StoreError::corrupt(&Key::of(item), "it has no bytes"))
}

/// A number of an item, where it has one.
pub(crate) fn number_of(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// Whether an item has not expired: DynamoDB removes it some time later.
pub(crate) fn is_alive(item: &Item, now: Timestamp) -> bool {
    number_of(item, EXPIRES).is_some_and(|at| i64::try_from(at).is_ok_and(|at| at >= now.as_second()))
}
