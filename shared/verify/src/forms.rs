//! Types whose texts have a form, such as UUID and JSON: what stands in their columns in place of any text, so
//! that a counterexample can be inserted where such a type is kept.

/// The form of the texts of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// JSON as RFC 8259 has it.
    Json,
    /// 32 hexadecimal digits in five groups (RFC 9562).
    Uuid,
    /// An address of IPv4.
    Address,
    /// An address of a network card, of six bytes.
    Mac,
    /// PostgreSQL's arrays of numbers or texts: `{1,2}`.
    Array,
    /// A document of XML.
    Xml,
    /// One of the labels of an enumeration.
    Label(Vec<String>),
    /// So many characters.
    Full(usize),
    /// So many binary digits; any number of them where it is none.
    Bits(usize),
    /// A number between these two, as PostgreSQL prints values of the type.
    Numbered(&'static str, &'static str),
}

/// Types of PostgreSQL and its extensions whose values can be written around one number.
const NUMBERED: &[(&str, &str, &str)] = &[
    ("interval", "", " days"),
    ("int4range", "[", ",)"),
    ("int8range", "[", ",)"),
    ("numrange", "[", ",)"),
    ("daterange", "[", "-01-01,)"),
    ("tsrange", "[\"", "-01-01 00:00:00\",)"),
    ("tstzrange", "[\"", "-01-01 00:00:00+00\",)"),
    ("int4multirange", "{[", ",)}"),
    ("int8multirange", "{[", ",)}"),
    ("nummultirange", "{[", ",)}"),
    ("point", "(", ",0)"),
    ("lseg", "[(", ",0),(0,0)]"),
    ("box", "(", ",1),(0,0)"),
    ("circle", "<(0,0),", ">"),
    ("path", "((", ",0),(0,0))"),
    ("polygon", "((", ",0),(0,0))"),
    ("tsvector", "'w", "'"),
    ("tsquery", "'w", "'"),
    ("hstore", "\"k\"=>\"", "\""),
    ("ltree", "w", ""),
    ("geometry", "POINT(", " 0)"),
    ("geography", "POINT(0.", " 0)"),
];

impl Form {
    /// The form that the written type, or the labels of an enumeration, ask for; `None` where any text will do.
    pub fn of(written: Option<&str>, labels: &[String]) -> Option<Self> {
        if !labels.is_empty() {
            return Some(Self::Label(labels.to_vec()));
        }
        let lower = written?.trim().to_ascii_lowercase();
        if let Some(element) = lower.strip_suffix("[]") {
            let name = element.split(['(', ' ']).next().unwrap_or_default();
            let takes_numbers = matches!(
                name,
                "int"
                    | "integer"
                    | "int2"
                    | "int4"
                    | "int8"
                    | "smallint"
                    | "bigint"
                    | "numeric"
                    | "decimal"
                    | "text"
                    | "varchar"
                    | "character"
            );
            return takes_numbers.then_some(Self::Array);
        }
        let (name, rest) = lower.split_once('(').unwrap_or((&lower, ""));
        let name = name.trim_end();
        let length = || rest.split(')').next().and_then(|length| length.trim().parse::<usize>().ok());
        if let Some((_, before, after)) = NUMBERED.iter().find(|(of, ..)| *of == name) {
            return Some(Self::Numbered(before, after));
        }
        match name {
            "bit" => length().filter(|length| (2..=64).contains(length)).map(Self::Bits),
            "bit varying" | "varbit" => Some(Self::Bits(0)),
            "macaddr" => Some(Self::Mac),
            "json" | "jsonb" => Some(Self::Json),
            "uuid" | "uniqueidentifier" => Some(Self::Uuid),
            "inet" | "cidr" | "ipv4" => Some(Self::Address),
            "xml" | "xmltype" => Some(Self::Xml),
            _ => None,
        }
    }

    /// Whether the text has the form. What has is taken as it is, though there are more texts of most forms.
    pub fn takes(&self, text: &str) -> bool {
        match self {
            Self::Json => serde_json::from_str::<serde_json::Value>(text).is_ok(),
            Self::Uuid => {
                let groups: Vec<&str> = text.split('-').collect();
                groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
                    && groups.iter().all(|group| group.chars().all(|c| c.is_ascii_hexdigit()))
            }
            Self::Address => text.parse::<std::net::Ipv4Addr>().is_ok(),
            Self::Array => {
                let inside = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
                inside.is_some_and(|inside| inside.split(',').all(|part| part.parse::<i32>().is_ok()))
            }
            Self::Mac => {
                let groups: Vec<&str> = text.split(':').collect();
                let is_byte = |group: &&str| group.len() == 2 && group.chars().all(|c| c.is_ascii_hexdigit());
                groups.len() == 6 && groups.iter().all(is_byte)
            }
            Self::Bits(length) => {
                (*length == 0 || text.len() == *length) && text.chars().all(|c| matches!(c, '0' | '1'))
            }
            Self::Numbered(before, after) => {
                let inside = text.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
                inside.is_some_and(|inside| inside.parse::<u32>().is_ok())
            }
            Self::Full(length) => text.chars().count() == *length,
            Self::Label(labels) => labels.iter().any(|label| label == text),
            Self::Xml => {
                let inside = text.strip_prefix("<a>").and_then(|rest| rest.strip_suffix("</a>"));
                inside.is_some_and(|inside| inside.chars().all(|c| c.is_ascii_digit()))
            }
        }
    }

    /// The text, or one of the form in its place: of equal texts an equal one, and of others another one, as far as
    /// there are so many.
    pub fn adapted(&self, text: &str) -> String {
        if self.takes(text) {
            return text.to_owned();
        }
        let n = number(text);
        match self {
            Self::Mac => {
                let [_, b, c, d] = n.to_be_bytes();
                format!("08:00:2b:{b:02x}:{c:02x}:{d:02x}")
            }
            Self::Bits(0) => format!("{n:b}"),
            Self::Bits(length) => {
                let most = if *length < 32 { 1u32 << length } else { u32::MAX };
                format!("{:0length$b}", n % most)
            }
            // Years of four digits, where it is one.
            Self::Numbered(before, after) => format!("{before}{}{after}", n + 1000),
            Self::Full(length) => text.chars().chain(std::iter::repeat('a')).take(*length).collect(),
            Self::Json => n.to_string(),
            Self::Uuid => format!("00000000-0000-4000-8000-{n:012}"),
            Self::Address => {
                let [_, b, c, d] = n.to_be_bytes();
                format!("10.{b}.{c}.{d}")
            }
            Self::Array => format!("{{{n}}}"),
            Self::Xml => format!("<a>{n}</a>"),
            Self::Label(labels) => labels[n as usize % labels.len()].clone(),
        }
    }
}

/// A number for a text; small for the texts that are used most.
fn number(text: &str) -> u32 {
    match text.as_bytes() {
        [letter @ b'a'..=b'z'] => u32::from(letter - b'a') + 1,
        bytes => bytes.iter().fold(0u32, |sum, b| (sum * 31 + u32::from(*b)) % 900_000) + 100,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_by_their_names() {
        for (written, expected) in [
            ("JSONB", Some(Form::Json)),
            ("uuid", Some(Form::Uuid)),
            ("integer[]", Some(Form::Array)),
            ("varchar(20)[]", Some(Form::Array)),
            ("bit(8)", Some(Form::Bits(8))),
            ("interval", Some(Form::Numbered("", " days"))),
            ("date[]", None),
            ("text", None),
            ("jsonpath", None),
        ] {
            assert_eq!(Form::of(Some(written), &[]), expected, "{written}");
        }
    }

    #[test]
    fn what_is_adapted_has_the_form_and_stays_apart() {
        let numbered = NUMBERED.iter().map(|(_, before, after)| Form::Numbered(before, after));
        let others = [Form::Json, Form::Uuid, Form::Address, Form::Array, Form::Xml, Form::Mac];
        for form in others.into_iter().chain(numbered).chain([Form::Bits(0), Form::Bits(40)]) {
            let texts = ["a", "b", "c", "ab", "d e", "", "k7", "é", "The quick brown fox"];
            let adapted: std::collections::BTreeSet<String> =
                texts.iter().map(|text| form.adapted(text)).collect();
            assert_eq!(adapted.len(), texts.len(), "{adapted:?}");
            for text in &adapted {
                assert!(form.takes(text), "{text}");
                assert_eq!(form.adapted(text), *text);
            }
        }
        assert_eq!(
            Form::Uuid.adapted("c0ffee00-0000-4000-8000-000000000000"),
            "c0ffee00-0000-4000-8000-000000000000"
        );
        assert_eq!(Form::Json.adapted("{\"a\": 1}"), "{\"a\": 1}");
    }
}
