//! What is wrong with a query, and what to do about it: one rule a file, its documentation on it.
//!
//! A new rule is a file here and a line in the list below. Codes are never used again. The rules see
//! one walk over each statement; they know no engine and no statistics.

// A block of SQL says what is found in it and in which dialect, which is nothing that rustdoc knows.
#![allow(rustdoc::invalid_codeblock_attributes)]

use sqm_domain::Dialect;

use crate::catalog::Catalog;
use crate::guard::with_script;
use crate::lint::docs::Doc;
use crate::lint::{Entry, run};
use crate::parse::Script;
use crate::text::{Position, Span};

pub use crate::lint::{
    Config, Edit, Finding, Findings, Fix, Group, Level, Meta, NOT_CHECKED, Rule, RuleContext, Severity,
};

/// Declares each rule's module, and makes the registry of them.
macro_rules! rules {
    ($($module:ident :: $rule:ident,)*) => {
        $(mod $module;)*

        static RULES: &[Entry] = &[
            $(Entry {
                meta: &<$module::$rule as Rule>::META,
                check: |cx, out| $module::$rule.check(cx, out),
            },)*
        ];

        /// Apart from the registry, so that a binary that prints no documentation doesn't carry it.
        static SOURCES: &[(&Meta, &str)] = &[
            $((&<$module::$rule as Rule>::META, include_str!(concat!(stringify!($module), ".rs"))),)*
        ];
    };
}

rules! {
    equals_null::EqualsNull,
    null_in_list::NullInList,
    outer_join_undone::OuterJoinUndone,
    between_timestamps::BetweenTimestamps,
    implicit_cross_join::ImplicitCrossJoin,
    limit_without_order::LimitWithoutOrder,
    fan_out_aggregate::FanOutAggregate,
    union_loses_rows::UnionLosesRows,
    loose_column_in_group::LooseColumnInGroup,
    strayed_column::StrayedColumn,
    duplicate_alias::DuplicateAlias,
    not_in_nullable::NotInNullable,
    truncating_division::TruncatingDivision,
    sum_without_else::SumWithoutElse,
    ambiguous_column::AmbiguousColumn,
    constant_condition::ConstantCondition,
    case_when_null::CaseWhenNull,
    natural_join::NaturalJoin,
    order_by_constant::OrderByConstant,
    empty_between::EmptyBetween,
    or_of_differences::OrOfDifferences,
    contradiction::Contradiction,
    and_in_set::AndInSet,
    unquoted_date::UnquotedDate,
    column_in_own_list::ColumnInOwnList,
    count_distinct_columns::CountDistinctColumns,
    union_column_count::UnionColumnCount,
    insert_column_count::InsertColumnCount,
    join_ignores_table::JoinIgnoresTable,
    last_value_frame::LastValueFrame,
    repeated_when::RepeatedWhen,
    many_row_scalar::ManyRowScalar,
    distinct_on_order::DistinctOnOrder,
    self_comparison::SelfComparison,
    function_on_column::FunctionOnColumn,
    leading_wildcard::LeadingWildcard,
    deep_offset::DeepOffset,
    implicit_cast::ImplicitCast,
    correlated_subquery::CorrelatedSubquery,
    count_for_existence::CountForExistence,
    distinct_hides_fan_out::DistinctHidesFanOut,
    or_across_columns::OrAcrossColumns,
    or_in_join::OrInJoin,
    arithmetic_on_column::ArithmeticOnColumn,
    unused_join::UnusedJoin,
    order_by_in_subquery::OrderByInSubquery,
    union_of_disjoint::UnionOfDisjoint,
    distinct_with_group_by::DistinctWithGroupBy,
    order_by_random::OrderByRandom,
    having_for_where::HavingForWhere,
    expression_on_join_key::ExpressionOnJoinKey,
    long_in_list::LongInList,
    repeated_subquery::RepeatedSubquery,
    calc_found_rows::CalcFoundRows,
    list_in_column::ListInColumn,
    write_without_where::WriteWithoutWhere,
    index_locks_table::IndexLocksTable,
    set_not_null::SetNotNull,
    add_column_rewrites::AddColumnRewrites,
    type_change_rewrites::TypeChangeRewrites,
    constraint_validates::ConstraintValidates,
    dynamic_sql::DynamicSql,
    grant_all::GrantAll,
    drop_without_if_exists::DropWithoutIfExists,
    drop_column::DropColumn,
    cascade::Cascade,
    plain_password::PlainPassword,
    sleep_function::SleepFunction,
    limited_write::LimitedWrite,
    rename::Rename,
    grant_to_public::GrantToPublic,
    select_star::SelectStar,
    limit_scans_all::LimitScansAll,
    order_by_in_stored_result::OrderByInStoredResult,
    cross_join_explosion::CrossJoinExplosion,
    whole_wildcard_table::WholeWildcardTable,
    order_by_ordinal::OrderByOrdinal,
    comma_join::CommaJoin,
    like_without_wildcard::LikeWithoutWildcard,
    ors_for_in::OrsForIn,
    duplicate_in_list::DuplicateInList,
    vendor_null_function::VendorNullFunction,
    reserved_name::ReservedName,
    typographic_quotes::TypographicQuotes,
    insert_without_columns::InsertWithoutColumns,
    unused_cte::UnusedCte,
    limit_with_comma::LimitWithComma,
    table_without_key::TableWithoutKey,
    float_for_money::FloatForMoney,
    enum_column::EnumColumn,
}

/// Everything that the rules have to say about a text, by place.
///
/// Total and deterministic: what cannot be read is reported as [`NOT_CHECKED`].
pub fn lint(sql: &str, dialect: Dialect, catalog: &Catalog, config: &Config) -> Vec<Finding> {
    with_script(sql, dialect, |script| lint_script(script, catalog, config)).unwrap_or_else(|error| {
        let start = error.position().unwrap_or(Position::START);
        vec![Finding {
            code: NOT_CHECKED.code,
            name: NOT_CHECKED.name,
            severity: NOT_CHECKED.severity,
            message: format!("this text was not checked: {error}"),
            span: Span { start, end: start },
            fix: None,
        }]
    })
}

/// The same for a script that is parsed already.
pub fn lint_script(script: &Script<'_>, catalog: &Catalog, config: &Config) -> Vec<Finding> {
    run(RULES, script, catalog, config)
}

/// What is fixed about every rule, by code.
pub fn all() -> impl Iterator<Item = &'static Meta> {
    RULES.iter().map(|entry| entry.meta)
}

/// The documentation of every rule, by code.
pub fn docs() -> impl Iterator<Item = Doc> {
    SOURCES.iter().map(|(meta, source)| Doc::of_source(meta, source))
}

/// The pages of the documentation: file names and contents, the list of rules (`README.md`) first.
pub fn pages() -> Vec<(String, String)> {
    let mut list = String::from(
        "<!-- Made from the documentation on the rules; don't edit. -->\n# Rules\n\n\
         | code | name | group | severity | what it finds |\n|---|---|---|---|---|\n",
    );
    let mut pages = vec![("README.md".to_owned(), String::new())];
    for doc in docs() {
        let Meta { code, name, group, severity, .. } = doc.meta;
        let severity = format!("{severity:?}").to_lowercase();
        let summary = doc.summary().replace('\n', " ").replace('|', "\\|");
        list.push_str(&format!(
            "| [{code}]({code}.md) | {name} | {} | {severity} | {summary} |\n",
            group.name()
        ));
        pages.push((format!("{code}.md"), doc.page()));
    }
    pages[0].1 = list;
    pages
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod corpus_tests;
