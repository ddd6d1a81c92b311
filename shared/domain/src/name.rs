use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::limits::{MAX_DESCRIPTION_CHARS, MAX_NAME_CHARS, MAX_SECRET_NAME_CHARS, MAX_TITLE_CHARS};

/// A text that is no name of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {why}")]
pub struct InvalidName {
    what: &'static str,
    why: String,
}

fn printable(what: &'static str, text: &str, most: usize) -> Result<(), InvalidName> {
    let why = if text.trim().is_empty() {
        "must not be empty".to_owned()
    } else if text.chars().count() > most {
        format!("at most {most} characters")
    } else if text.chars().any(char::is_control) {
        "must not hold control characters".to_owned()
    } else {
        return Ok(());
    };
    Err(InvalidName { what, why })
}

fn token(what: &'static str, text: &str) -> Result<(), InvalidName> {
    printable(what, text, MAX_NAME_CHARS)?;
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/' | '@' | '+');
    if text.chars().all(allowed) {
        Ok(())
    } else {
        Err(InvalidName { what, why: "only letters, digits and - _ . : / @ +".to_owned() })
    }
}

/// A token that is one segment of a path as it stands: proxies take `.` and `..` out of a path, and split it
/// at a slash even where that is escaped.
fn segment(what: &'static str, text: &str) -> Result<(), InvalidName> {
    token(what, text)?;
    if text.contains('/') || matches!(text, "." | "..") {
        return Err(InvalidName { what, why: "must not hold a slash, nor be . or ..".to_owned() });
    }
    Ok(())
}

fn secret(what: &'static str, text: &str) -> Result<(), InvalidName> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
    let why = if text.is_empty() || text.len() > MAX_SECRET_NAME_CHARS {
        format!("from 1 to {MAX_SECRET_NAME_CHARS} characters")
    } else if !text.chars().all(allowed) {
        "only letters of ASCII, digits and / _ + = . @ -: a name, not an ARN".to_owned()
    } else {
        return Ok(());
    };
    Err(InvalidName { what, why })
}

fn prose(what: &'static str, text: &str) -> Result<(), InvalidName> {
    let why = if text.chars().count() > MAX_DESCRIPTION_CHARS {
        format!("at most {MAX_DESCRIPTION_CHARS} characters")
    } else if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        "must not hold control characters other than line breaks and tabs".to_owned()
    } else {
        return Ok(());
    };
    Err(InvalidName { what, why })
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let check: fn(&'static str, &str) -> Result<(), InvalidName> = $check;
                check($what, text)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    };
}

name! {
    /// What people call a query: one printable line of at most 200 characters.
    Title, "title", |what, text| printable(what, text, MAX_TITLE_CHARS)
}
name! {
    /// A tag: letters, digits and `- _ . : / @ +`, at most 128 characters.
    Tag, "tag", token
}
name! {
    /// The name of a catalog inside a workspace: as a tag, without a slash, and not `.` or `..`.
    CatalogName, "catalog", segment
}
name! {
    /// The name of a connection to a database inside a workspace: as that of a catalog.
    ConnectionName, "connection", segment
}
name! {
    /// The name of a secret in Secrets Manager, at most 512 characters. Never an ARN, which could be anybody's.
    SecretName, "secret", secret
}
name! {
    /// Who acts or owns: the subject of a token, as its issuer writes it; one printable line of at most
    /// 128 characters.
    Subject, "subject", |what, text| printable(what, text, MAX_NAME_CHARS)
}
name! {
    /// What a client calls an execution, so that it counts once however often it is sent: as a tag.
    RunId, "run id", token
}
name! {
    /// The parameters of an execution, as a hash or a name that says no value: as a tag.
    ParametersHash, "parameters hash", token
}
name! {
    /// What an execution ran on, such as `PostgreSQL 17.2`: one printable line of at most 128 characters.
    EngineLabel, "engine", |what, text| printable(what, text, MAX_NAME_CHARS)
}

name! {
    /// What a query is for, or why a version was made: any text of at most 4,000 characters, several
    /// lines too, possibly empty.
    Note, "text", prose
}

impl Default for Note {
    /// The empty one.
    fn default() -> Self {
        Self(String::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_refuse_what_cannot_be_shown() {
        assert!("Daily revenue, by region".parse::<Title>().is_ok());
        assert!("two\nlines".parse::<Title>().is_err());
        assert!(" ".parse::<Title>().is_err());
        assert!("x".repeat(201).parse::<Title>().is_err());
        assert!("team:finance".parse::<Tag>().is_ok());
        assert!("a#b".parse::<Tag>().is_err());
        assert!("team/finance".parse::<Tag>().is_ok());
        assert!("team.finance".parse::<CatalogName>().is_ok());
        for name in ["team/finance", ".", ".."] {
            assert!(name.parse::<CatalogName>().is_err(), "{name}");
        }
        assert!("sqm/acme/shop@db".parse::<SecretName>().is_ok());
        for name in ["", "arn:aws:secretsmanager:eu-central-1:1:secret:x", "a b", "größe", &"x".repeat(513)]
        {
            assert!(name.parse::<SecretName>().is_err(), "{name}");
        }
        assert!("auth0|6543".parse::<Subject>().is_ok());
        assert!("".parse::<Note>().is_ok());
        assert!("two\n\tlines".parse::<Note>().is_ok());
        assert!("bell\u{7}".parse::<Note>().is_err());
        assert!("x".repeat(4_001).parse::<Note>().is_err());
    }
}
