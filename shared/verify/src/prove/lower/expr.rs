//! Expressions: what each operator and function means in two truth values and positional columns.

use datafusion::common::DFSchema;
use datafusion::logical_expr::expr::{Between, Case, InList, Like, ScalarFunction};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator};

use super::literal::{data_type, literal};
use super::{Lower, MOST_OF_A_TERM, Reason, TOO_LARGE};
use crate::bind::{NEAREST_INTEGER, NEAREST_OR_EVEN};
use crate::prove::build::case::case;
use crate::prove::build::compare::{Comparison, compare, not_null, null, same};
use crate::prove::build::formula::{all, any, boolean, not, truth};
use crate::prove::build::{call, cast};
use crate::prove::term::{Formula, Literal, Term, Type};
use crate::prove::weight::is_term_over;

/// The columns that an expression sees and the terms that stand for them.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    /// Names.
    pub schema: &'a DFSchema,
    /// Terms, in the same order.
    pub terms: &'a [Term],
}

impl Lower<'_, '_> {
    /// Where the expression is true.
    pub fn condition(&mut self, expr: &Expr, row: Row<'_>) -> Result<Formula, Reason> {
        Ok(truth(&self.expr(expr, row)?).0)
    }

    /// The term of an expression.
    pub fn expr(&mut self, expr: &Expr, row: Row<'_>) -> Result<Term, Reason> {
        let term = self.expr_of_any_size(expr, row)?;
        if is_term_over(&term, MOST_OF_A_TERM) { Err(TOO_LARGE.into()) } else { Ok(term) }
    }

    fn expr_of_any_size(&mut self, expr: &Expr, row: Row<'_>) -> Result<Term, Reason> {
        let is = |(yes, no): (Formula, Formula)| boolean(yes, no);
        let two_valued = |formula: Formula| boolean(formula.clone(), not(&formula));
        Ok(match expr {
            Expr::Alias(alias) => self.expr(&alias.expr, row)?,
            Expr::Column(column) => {
                let at = row.schema.maybe_index_of_column(column);
                match at.and_then(|at| row.terms.get(at)) {
                    Some(term) => term.clone(),
                    None => return Err(format!("the column {column} is not found")),
                }
            }
            Expr::OuterReferenceColumn(_, column) => {
                let found =
                    self.frames.iter().rev().find_map(|frame| {
                        frame.terms.get(frame.schema.maybe_index_of_column(column)?).cloned()
                    });
                found.ok_or_else(|| format!("the outer column {column} is not found"))?
            }
            Expr::Literal(value, _) => literal(value),
            Expr::BinaryExpr(binary) => self.binary(expr, binary, row)?,
            Expr::Not(inner) => {
                let (yes, no) = truth(&self.expr(inner, row)?);
                is((no, yes))
            }
            Expr::IsNull(inner) | Expr::IsUnknown(inner) => two_valued(null(&self.expr(inner, row)?)),
            Expr::IsNotNull(inner) | Expr::IsNotUnknown(inner) => {
                two_valued(not_null(&self.expr(inner, row)?))
            }
            Expr::IsTrue(inner) => two_valued(truth(&self.expr(inner, row)?).0),
            Expr::IsNotTrue(inner) => two_valued(not(&truth(&self.expr(inner, row)?).0)),
            Expr::IsFalse(inner) => two_valued(truth(&self.expr(inner, row)?).1),
            Expr::IsNotFalse(inner) => two_valued(not(&truth(&self.expr(inner, row)?).1)),
            Expr::Negative(inner) => {
                let term = self.expr(inner, row)?;
                call("negative", vec![term.clone()], term.type_of())
            }
            Expr::Between(between) => self.between(between, row)?,
            Expr::InList(list) => self.in_list(list, row)?,
            Expr::Like(like) => self.like(like, row)?,
            Expr::Case(case) => self.case(case, row)?,
            Expr::Cast(inner) => {
                let target = inner.field.data_type();
                cast(&self.expr(&inner.expr, row)?, &data_type(target), &target.to_string())
            }
            Expr::TryCast(inner) => {
                let target = inner.field.data_type();
                let term = self.expr(&inner.expr, row)?;
                let result = data_type(target);
                if *term.type_of() == result {
                    term
                } else {
                    call(&format!("try_cast {target}"), vec![term], &result)
                }
            }
            Expr::ScalarFunction(function) => self.function(expr, function, row)?,
            // One value in the whole of both queries, of which nothing else is known, not even whether it is NULL.
            Expr::Placeholder(placeholder) => match &placeholder.field {
                Some(field) => {
                    let of = data_type(field.data_type());
                    call(&format!("placeholder {} {of:?}", placeholder.id), Vec::new(), &of)
                }
                None => return Err(format!("the type of {} is not known", placeholder.id)),
            },
            Expr::Exists(exists) => {
                let query = self.subquery(&exists.subquery, row)?;
                let found = super::subquery::exists(query);
                two_valued(if exists.negated { not(&found) } else { found })
            }
            Expr::InSubquery(inside) => {
                let term = self.expr(&inside.expr, row)?;
                let query = self.subquery(&inside.subquery, row)?;
                let (yes, no) = super::subquery::compared(Comparison::Equal, &term, query, true);
                is(if inside.negated { (no, yes) } else { (yes, no) })
            }
            Expr::SetComparison(set) => self.set_comparison(set, row)?,
            Expr::ScalarSubquery(inside) => {
                let query = self.subquery(inside, row)?;
                super::subquery::scalar(query)
            }
            other => return Err(format!("{} is not understood by the prover", other.variant_name())),
        })
    }

    /// The type that the engine gives an expression.
    pub fn type_of(&self, expr: &Expr, row: Row<'_>) -> Type {
        expr.get_type(row.schema).map_or(Type::Other("?".into()), |t| data_type(&t))
    }

    fn binary(&mut self, whole: &Expr, binary: &BinaryExpr, row: Row<'_>) -> Result<Term, Reason> {
        let (a, b) = (self.expr(&binary.left, row)?, self.expr(&binary.right, row)?);
        let compared = |how, x: &Term, y: &Term, opposite, p: &Term, q: &Term| {
            boolean(compare(how, x, y), compare(opposite, p, q))
        };
        use Comparison::{AtMost, Equal, Less, Unequal};
        Ok(match binary.op {
            Operator::And => {
                let ((yes, no), (other_yes, other_no)) = (truth(&a), truth(&b));
                boolean(all([yes, other_yes]), any([no, other_no]))
            }
            Operator::Or => {
                let ((yes, no), (other_yes, other_no)) = (truth(&a), truth(&b));
                boolean(any([yes, other_yes]), all([no, other_no]))
            }
            Operator::Eq => compared(Equal, &a, &b, Unequal, &a, &b),
            Operator::NotEq => compared(Unequal, &a, &b, Equal, &a, &b),
            Operator::Lt => compared(Less, &a, &b, AtMost, &b, &a),
            Operator::LtEq => compared(AtMost, &a, &b, Less, &b, &a),
            Operator::Gt => compared(Less, &b, &a, AtMost, &a, &b),
            Operator::GtEq => compared(AtMost, &b, &a, Less, &a, &b),
            Operator::IsNotDistinctFrom => boolean(same(&a, &b), not(&same(&a, &b))),
            Operator::IsDistinctFrom => boolean(not(&same(&a, &b)), same(&a, &b)),
            op => {
                use Operator::{Divide, Minus, Modulo, Multiply, Plus};
                let computes = matches!(op, Plus | Minus | Multiply | Divide | Modulo);
                let result = match (a.type_of(), b.type_of()) {
                    (Type::Int, Type::Int) if computes => Type::Int,
                    _ => self.type_of(whole, row),
                };
                call(&op.to_string(), vec![a, b], &result)
            }
        })
    }

    fn between(&mut self, between: &Between, row: Row<'_>) -> Result<Term, Reason> {
        let (term, low, high) =
            (self.expr(&between.expr, row)?, self.expr(&between.low, row)?, self.expr(&between.high, row)?);
        let inside =
            all([compare(Comparison::AtMost, &low, &term), compare(Comparison::AtMost, &term, &high)]);
        let outside = any([compare(Comparison::Less, &term, &low), compare(Comparison::Less, &high, &term)]);
        Ok(if between.negated { boolean(outside, inside) } else { boolean(inside, outside) })
    }

    fn in_list(&mut self, list: &InList, row: Row<'_>) -> Result<Term, Reason> {
        let term = self.expr(&list.expr, row)?;
        let items = list.list.iter().map(|item| self.expr(item, row)).collect::<Result<Vec<_>, _>>()?;
        let found = any(items.iter().map(|item| compare(Comparison::Equal, &term, item)));
        let missed = all(items.iter().map(|item| compare(Comparison::Unequal, &term, item)));
        Ok(if list.negated { boolean(missed, found) } else { boolean(found, missed) })
    }

    fn like(&mut self, like: &Like, row: Row<'_>) -> Result<Term, Reason> {
        let mut arguments = vec![self.expr(&like.expr, row)?, self.expr(&like.pattern, row)?];
        if let Some(escape) = like.escape_char {
            arguments.push(Term::Literal(Literal::Text(escape.into()), Type::Text));
        }
        let name = if like.case_insensitive { "ilike" } else { "like" };
        let (yes, no) = truth(&call(name, arguments, &Type::Bool));
        Ok(if like.negated { boolean(no, yes) } else { boolean(yes, no) })
    }

    fn case(&mut self, written: &Case, row: Row<'_>) -> Result<Term, Reason> {
        let operand = written.expr.as_ref().map(|operand| self.expr(operand, row)).transpose()?;
        let mut arms = Vec::new();
        for (when, then) in &written.when_then_expr {
            let when = self.expr(when, row)?;
            let guard = match &operand {
                Some(operand) => compare(Comparison::Equal, operand, &when),
                None => truth(&when).0,
            };
            arms.push((guard, self.expr(then, row)?));
        }
        let otherwise = match &written.else_expr {
            Some(otherwise) => self.expr(otherwise, row)?,
            None => Term::null(),
        };
        Ok(unified(arms, otherwise))
    }

    fn function(&mut self, whole: &Expr, function: &ScalarFunction, row: Row<'_>) -> Result<Term, Reason> {
        let name = function.func.name();
        if function.func.signature().volatility == datafusion::logical_expr::Volatility::Volatile {
            return Err(format!("{name}() gives another value at each call"));
        }
        let mut arguments =
            function.args.iter().map(|argument| self.expr(argument, row)).collect::<Result<Vec<_>, _>>()?;
        if matches!(name, "date_part" | "date_trunc")
            && let Some(Term::Literal(Literal::Text(unit), _)) = arguments.first_mut()
        {
            *unit = unit.to_ascii_lowercase();
        }
        Ok(match (name, arguments.as_slice()) {
            ("coalesce", [.., _]) => {
                let last = arguments.pop().unwrap_or_else(Term::null);
                unified(arguments.into_iter().map(|argument| (not_null(&argument), argument)).collect(), last)
            }
            ("nullif", [a, b]) => unified(vec![(compare(Comparison::Equal, a, b), Term::null())], a.clone()),
            (NEAREST_INTEGER | NEAREST_OR_EVEN, [x])
                if !matches!(x.type_of(), Type::Decimal(..) | Type::Float | Type::Other(_)) =>
            {
                x.clone()
            }
            _ => call(name, arguments, &self.type_of(whole, row)),
        })
    }
}

/// A CASE whose branches have one type: where the engine would convert, the conversion stands there.
fn unified(arms: Vec<(Formula, Term)>, otherwise: Term) -> Term {
    let mut types: Vec<Type> = arms
        .iter()
        .map(|(_, value)| value)
        .chain([&otherwise])
        .map(|value| value.type_of().clone())
        .filter(|t| *t != Type::Null)
        .collect();
    types.sort();
    types.dedup();
    match types.as_slice() {
        [] => case(arms, otherwise, &Type::Null),
        [one] => case(arms, otherwise, one),
        many => {
            let written = format!("to one of {many:?}");
            let mixed = Type::Other(written.clone());
            let convert = |term: &Term| call(&format!("cast {written}"), vec![term.clone()], &mixed);
            let arms = arms.iter().map(|(guard, value)| (guard.clone(), convert(value))).collect();
            case(arms, convert(&otherwise), &mixed)
        }
    }
}
