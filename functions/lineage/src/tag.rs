//! The tag of the lineage of a stored query: everything that it depends on. A version that left the text as it was
//! leaves the tag as it was, so that whoever has the lineage is not sent the same again.

use sqm_analysis::StoredView;
use sqm_domain::{CatalogName, Dialect, VersionNumber};
use sqm_http::{Basis, ETag};
use sqm_sql::lineage::{Options, Views};

use crate::form::Format;

/// What stands before the views that were followed.
const VIEWS: &str = "follow";

/// What a lineage depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Depends<'a> {
    /// The version that brought the text.
    pub version: VersionNumber,
    pub dialect: Dialect,
    pub basis: &'a Basis,
    pub views: &'a [StoredView],
    pub options: &'a Options,
    pub format: Format,
    pub dataset_namespace: Option<&'a str>,
}

impl Depends<'_> {
    pub(crate) fn tag(&self) -> ETag {
        let mut parts = vec![format!("v{}", self.version), self.basis.tag()];
        let named = |letter: char, name: Option<&str>| {
            name.map(|name| {
                let escaped: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
                format!("{letter}={escaped}")
            })
        };
        parts.extend(named('k', self.basis.catalog.as_ref().map(|used| used.name.as_str())));
        parts.push(self.dialect.name().to_owned());
        parts.extend(named('d', self.options.default_db.as_deref()));
        parts.extend(named('s', self.options.default_schema.as_deref()));
        if self.format != Format::Json {
            parts.push(self.format.name().to_owned());
        }
        parts.extend(named('n', self.dataset_namespace));
        if self.options.views == Views::Follow {
            parts.push(VIEWS.to_owned());
        }
        parts.extend(self.views.iter().map(|view| format!("{}:{}", view.query, view.version)));
        ETag::new(parts.join(";"))
    }

    /// Whether a tag is of this, whichever views were followed.
    pub(crate) fn is_of(&self, tag: &str) -> bool {
        match tag.strip_prefix(Self { views: &[], ..*self }.tag().opaque()) {
            Some("") => true,
            Some(rest) => self.options.views == Views::Follow && rest.starts_with(';'),
            None => false,
        }
    }
}

/// The catalog that the tag of a lineage names: the state of which to look at.
pub(crate) fn catalog_of(tag: &ETag) -> Option<CatalogName> {
    let escaped = tag.opaque().split(';').nth(2)?.strip_prefix("k=")?;
    let mut names = form_urlencoded::parse(escaped.as_bytes());
    names.next()?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sqm_domain::QueryId;
    use sqm_sql::ENGINE_VERSION;
    use sqm_store::CatalogState;

    use super::*;
    use crate::analysis::{ViewsAsked, options};
    use crate::names::Qualifier;

    fn basis(version: Option<u32>) -> Basis {
        let name = version.map(|_| "shop".parse().unwrap());
        let state = version.and_then(VersionNumber::new);
        Basis::of_state(name, state.map(|version| CatalogState { version, sha256: String::new() }))
    }

    fn name(text: &str) -> Option<Qualifier> {
        Qualifier::try_from(text.to_owned()).ok()
    }

    #[test]
    fn whatever_changes_the_answer_changes_the_tag() {
        let (nothing, first, second) = (basis(None), basis(Some(1)), basis(Some(2)));
        let plain = Options::default();
        let follow = options(Some(ViewsAsked::Follow), None, None);
        let others = [
            options(None, name("a"), None),
            options(None, name("ä"), None),
            options(None, name("ö"), None),
            options(None, None, name("a")),
            options(None, name("a;s=b"), None),
            options(None, name("a"), name("b")),
        ];
        let view =
            |version| StoredView { name: "v".to_owned(), query: QueryId::from_parts(7, [0; 10]), version };
        let views = [VersionNumber::new(1), VersionNumber::new(2)].map(|version| [view(version.unwrap())]);
        let it = Depends {
            version: VersionNumber::FIRST,
            dialect: Dialect::Postgres,
            basis: &first,
            views: &[],
            options: &plain,
            format: Format::Json,
            dataset_namespace: None,
        };
        let event = Depends { format: Format::OpenLineage, ..it };
        let mut all = vec![
            it,
            Depends { basis: &nothing, ..it },
            Depends { basis: &second, ..it },
            Depends { version: VersionNumber::new(2).unwrap(), ..it },
            Depends { dialect: Dialect::MySql, ..it },
            Depends { options: &follow, ..it },
            event,
            Depends { dataset_namespace: Some("a"), ..event },
        ];
        let drawn = [Format::Text, Format::Dot, Format::Mermaid, Format::Svg];
        all.extend(drawn.map(|format| Depends { format, ..it }));
        all.extend(others.iter().map(|options| Depends { options, ..it }));
        all.extend(views.iter().map(|views| Depends { options: &follow, views, ..it }));
        let tags: BTreeSet<ETag> = all.iter().map(Depends::tag).collect();
        assert_eq!(tags.len(), all.len(), "{tags:?}");
        for one in &all {
            let of_it: Vec<&Depends<'_>> =
                all.iter().filter(|other| one.is_of(other.tag().opaque())).collect();
            let is_same = |other: &&Depends<'_>| std::ptr::eq(other.options, one.options);
            assert!(
                of_it.iter().all(|other| is_same(other) && other.format == one.format),
                "{one:?}: {of_it:?}"
            );
            assert_eq!(
                of_it.len(),
                if one.options.views == Views::Follow { 3 } else { 1 },
                "{one:?}: {of_it:?}"
            );
        }
    }

    #[test]
    fn a_tag_is_readable() {
        let it = Depends {
            version: VersionNumber::FIRST,
            dialect: Dialect::Postgres,
            basis: &basis(Some(7)),
            views: &[],
            options: &options(Some(ViewsAsked::Follow), name("my db"), None),
            format: Format::Text,
            dataset_namespace: None,
        };
        let tag = it.tag();
        assert_eq!(tag.opaque(), format!("v1;c7-e{ENGINE_VERSION};k=shop;postgres;d=my+db;text;follow"));
        assert_eq!(catalog_of(&tag), "shop".parse().ok());
    }
}
