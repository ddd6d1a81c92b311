//! SQM213 sleep-function

use sqlparser::ast::Expr;

use crate::lint::shape::{function_name, is_named};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds functions that only wait or burn time, read files or run programs: `SLEEP`, `pg_sleep`, `BENCHMARK`,
/// `LOAD_FILE`, `xp_cmdshell`.
///
/// ## Why
/// They hold a connection and its locks, and they are what an injected query is built of.
///
/// ## Bad
/// ```sql expects SQM213 dialect=mysql
/// SELECT BENCHMARK(1000000, MD5('a'))
/// ```
/// ```sql expects SQM213
/// SELECT pg_sleep(10)
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT now() AS at
/// ```
///
/// ## Limits
/// Only the functions of the common databases that are made for this.
pub struct SleepFunction;

impl Rule for SleepFunction {
    const META: Meta = Meta {
        code: "SQM213",
        name: "sleep-function",
        group: Group::Safety,
        severity: Severity::Warning,
        on: On::CALL,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        const NAMES: &[&str] = &[
            "sleep", "pg_sleep", "pg_sleep_for", "pg_sleep_until", "benchmark", "load_file", "xp_cmdshell", "xp_dirtree",
            "pg_read_file", "pg_read_binary_file", "pg_ls_dir", "sys_exec", "sys_eval", "utl_http", "dbms_lock",
        ];
        let Node::Expr(expr @ Expr::Function(function)) = cx.node else { return };
        if is_named(function, NAMES) {
            let message = format!("{} has no place in a query of an application", function_name(function));
            out.add(cx.place(expr), message);
        }
    }
}
