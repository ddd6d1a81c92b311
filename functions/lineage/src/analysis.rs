//! The work itself, kept off the threads that serve requests, and how it may be asked for.

use serde::Deserialize;
use sqm_analysis::{BUDGET, StoredView};
use sqm_domain::{CatalogName, Dialect, SqlText, VersionNumber};
use sqm_http::{Basis, ETag, Problem, compute};
use sqm_sql::catalog::Catalog;
use sqm_sql::guard;
use sqm_sql::lineage::{Options, Views, trace_script};

use crate::form::{Format, Job, Shown};
use crate::names::Qualifier;

/// What a view of the catalog is to a trace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ViewsAsked {
    /// A table like any other.
    #[default]
    Stop,
    /// Its query.
    Follow,
}

/// The options of a trace out of what a request says.
pub(crate) fn options(
    views: Option<ViewsAsked>,
    default_db: Option<Qualifier>,
    default_schema: Option<Qualifier>,
) -> Options {
    Options {
        default_db: default_db.map(Qualifier::into_string),
        default_schema: default_schema.map(Qualifier::into_string),
        views: match views.unwrap_or_default() {
            ViewsAsked::Stop => Views::Stop,
            ViewsAsked::Follow => Views::Follow,
        },
    }
}

/// Traces a text and shows it in a form. Where it does not parse there is nothing to draw.
pub(crate) async fn shown(
    sql: SqlText,
    dialect: Dialect,
    catalog: Catalog,
    options: Options,
    format: Format,
    job: Job,
) -> Result<Shown, Problem> {
    let work = move || {
        let lineage =
            guard::with_script(sql.as_str(), dialect, |script| trace_script(script, &catalog, &options));
        format.show(&lineage?, sql.as_str(), dialect, job)
    };
    compute(BUDGET, work).await?
}

/// The tag of the lineage of a version: everything that it depends on.
pub(crate) fn tag(
    version: VersionNumber,
    basis: &Basis,
    views: &[StoredView],
    options: &Options,
    format: Format,
    dataset_namespace: Option<&str>,
) -> ETag {
    let mut parts = vec![format!("v{version}"), basis.tag()];
    let named = |letter: char, name: Option<&str>| {
        name.map(|name| {
            let escaped: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
            format!("{letter}={escaped}")
        })
    };
    parts.extend(named('k', basis.catalog.as_ref().map(|used| used.name.as_str())));
    parts.extend(named('d', options.default_db.as_deref()));
    parts.extend(named('s', options.default_schema.as_deref()));
    if options.views == Views::Follow {
        parts.push("follow".to_owned());
    }
    parts.extend(views.iter().map(|view| format!("{}:{}", view.query, view.version)));
    if format != Format::Json {
        parts.push(format.name().to_owned());
    }
    parts.extend(named('n', dataset_namespace));
    ETag::new(parts.join(";"))
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

    use super::*;

    fn basis(version: Option<u32>) -> Basis {
        let name = version.map(|_| "shop".parse().unwrap());
        Basis::of_version(name, version.and_then(VersionNumber::new))
    }

    fn name(text: &str) -> Option<Qualifier> {
        Qualifier::try_from(text.to_owned()).ok()
    }

    #[test]
    fn whatever_changes_the_answer_changes_the_tag() {
        let first = VersionNumber::FIRST;
        let plain = Options::default();
        let second = VersionNumber::new(2).unwrap();
        let follow = options(Some(ViewsAsked::Follow), None, None);
        let tags = [
            tag(first, &basis(None), &[], &plain, Format::Json, None),
            tag(second, &basis(None), &[], &plain, Format::Json, None),
            tag(first, &basis(Some(1)), &[], &plain, Format::Json, None),
            tag(first, &basis(Some(2)), &[], &plain, Format::Json, None),
            tag(first, &basis(Some(1)), &[], &plain, Format::Text, None),
            tag(first, &basis(Some(1)), &[], &plain, Format::Dot, None),
            tag(first, &basis(Some(1)), &[], &plain, Format::Mermaid, None),
            tag(first, &basis(Some(1)), &[], &plain, Format::Svg, None),
            tag(first, &basis(Some(1)), &[], &plain, Format::OpenLineage, None),
            tag(first, &basis(Some(1)), &[], &plain, Format::OpenLineage, Some("a")),
            tag(first, &basis(Some(1)), &[], &follow, Format::Json, None),
            tag(first, &basis(Some(1)), &[], &options(None, name("a"), None), Format::Json, None),
            tag(first, &basis(Some(1)), &[], &options(None, name("ä"), None), Format::Json, None),
            tag(first, &basis(Some(1)), &[], &options(None, name("ö"), None), Format::Json, None),
            tag(first, &basis(Some(1)), &[], &options(None, None, name("a")), Format::Json, None),
            tag(first, &basis(Some(1)), &[], &options(None, name("a;s=b"), None), Format::Json, None),
            tag(first, &basis(Some(1)), &[], &options(None, name("a"), name("b")), Format::Json, None),
        ];
        let view =
            |version| StoredView { name: "v".to_owned(), query: QueryId::from_parts(7, [0; 10]), version };
        let views = [view(first), view(second)].map(|view| {
            let views = [view];
            super::tag(first, &basis(Some(1)), &views, &follow, Format::Json, None)
        });
        let tags: Vec<ETag> = tags.into_iter().chain(views).collect();
        assert_eq!(tags.iter().collect::<BTreeSet<_>>().len(), tags.len(), "{tags:?}");
    }

    #[test]
    fn a_tag_is_readable() {
        let follow = options(Some(ViewsAsked::Follow), name("my db"), None);
        let tag = tag(VersionNumber::FIRST, &basis(Some(7)), &[], &follow, Format::Text, None);
        assert_eq!(tag.opaque(), format!("v1;c7-e{ENGINE_VERSION};k=shop;d=my+db;follow;text"));
        assert_eq!(catalog_of(&tag), "shop".parse().ok());
    }
}
