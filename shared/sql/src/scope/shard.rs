//! BigQuery's tables by day: `events_20240131` is one part of `events_yyyymmdd`, `events_*` all of them.
//!
//! To lineage the parts are one table, as they are to everyone who works with them. Knows names alone.

/// The name of the whole of which this is a part; `None` for a name that says nothing of parts.
pub(super) fn whole_of(name: &str) -> Option<String> {
    // A partition is a part of the table that has its name.
    if let Some((table, partition)) = name.split_once('$') {
        let is_partition = !table.is_empty() && !partition.is_empty();
        return (is_partition && partition.bytes().all(|b| b.is_ascii_digit())).then(|| table.to_owned());
    }
    if let Some(prefix) = name.strip_suffix('*') {
        let stem = prefix.trim_end_matches(|c: char| c.is_ascii_digit()).strip_suffix('_')?;
        return (prefix.len() - stem.len() <= 9 && !stem.is_empty()).then(|| format!("{stem}_yyyymmdd"));
    }
    let (stem, day) = name.split_at_checked(name.len().checked_sub(8)?)?;
    let stem = stem.strip_suffix('_').unwrap_or(stem);
    let follows_digit = stem.ends_with(|c: char| c.is_ascii_digit());
    (is_day(day) && !stem.is_empty() && !follows_digit).then(|| format!("{stem}_yyyymmdd"))
}

/// Whether it is a day as YYYYMMDD.
fn is_day(text: &str) -> bool {
    let number = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<u32>().ok());
    text.bytes().all(|b| b.is_ascii_digit())
        && number(0, 4).is_some_and(|year| (1900..2200).contains(&year))
        && number(4, 6).is_some_and(|month| (1..=12).contains(&month))
        && number(6, 8).is_some_and(|day| (1..=31).contains(&day))
}

#[cfg(test)]
mod tests {
    use super::whole_of;

    #[test]
    fn parts_have_the_name_of_the_whole() {
        let check = |name: &str, whole: Option<&str>| assert_eq!(whole_of(name).as_deref(), whole, "{name}");
        check("events_20240131", Some("events_yyyymmdd"));
        check("events20240131", Some("events_yyyymmdd"));
        check("events_*", Some("events_yyyymmdd"));
        check("events_2024*", Some("events_yyyymmdd"));
        check("events$20240131", Some("events"));
        check("events_20241331", None);
        check("events_1234567890", None);
        check("20240131", None);
        check("events*", None);
        check("e\u{e4}\u{f6}\u{fc}\u{df}", None);
    }
}
