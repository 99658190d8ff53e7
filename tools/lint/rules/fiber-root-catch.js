import ts from "typescript"
import { functionOf, isFunction } from "../type-queries.js"
import { calledName, isMethodCall } from "../syntax-queries.js"
import { defineRule } from "../define-rule.js"

/** The function that catches all errors: `runGuarded.start(run)`, `setTimeout(() => runGuarded(tick), 10)`. */
const GUARD = "runGuarded"

/** Returns the function that a call makes the root of a fiber, or undefined. */
function fiberRoot(context, call) {
    if (isMethodCall(call, "start")) {
        const { object } = call.callee
        return isFunction(context, object) ? object : undefined
    }
    const name = calledName(call)
    const takesCallback =
        name === "setTimeout" ||
        name === "setInterval" ||
        isMethodCall(call, "subscribe") ||
        isMethodCall(call, "onChange")
    const callback = call.arguments[0]
    return takesCallback && callback && isFunction(context, callback) ? callback : undefined
}

/** Returns whether a TypeScript node is `runGuarded(...)` or `runGuarded.start(...)`, with or without `await`. */
function isGuardCall(node) {
    if (ts.isAwaitExpression(node) || ts.isParenthesizedExpression(node)) return isGuardCall(node.expression)
    if (!ts.isCallExpression(node)) return false
    const callee = node.expression
    return nameOf(callee) === GUARD || (nameOf(callee) === "start" && nameOf(callee.expression) === GUARD)
}

function nameOf(node) {
    if (ts.isIdentifier(node)) return node.text
    return ts.isPropertyAccessExpression(node) ? node.name.text : undefined
}

function throws(node) {
    if (ts.isThrowStatement(node)) return true
    if (ts.isFunctionLike(node)) return false
    if (ts.isTryStatement(node) && node.catchClause) return throws(node.catchClause)
    return ts.forEachChild(node, child => throws(child)) ?? false
}

/** Returns whether no error can leave a statement: a try whose catch does not throw, a guard call, or an endless loop of those. */
function isSafe(statement) {
    if (ts.isTryStatement(statement)) {
        const { catchClause, finallyBlock } = statement
        return !!catchClause && !throws(catchClause) && !(finallyBlock && throws(finallyBlock))
    }
    if (ts.isExpressionStatement(statement)) return isGuardCall(statement.expression)
    if (ts.isBlock(statement)) return statement.statements.every(isSafe)
    if (ts.isForStatement(statement)) return !statement.condition && isSafe(statement.statement)
    if (ts.isWhileStatement(statement)) {
        return statement.expression.kind === ts.SyntaxKind.TrueKeyword && isSafe(statement.statement)
    }
    return false
}

function isSafeFunction(fn) {
    if (!fn?.body) return false
    if (fn.name && nameOf(fn.name) === GUARD) return true
    return ts.isBlock(fn.body) ? isSafe(fn.body) : isGuardCall(fn.body)
}

function isGuard(node) {
    if (node.type === "Identifier") return node.name === GUARD
    if (node.type === "CallExpression") return calledName(node) === GUARD
    return node.type === "MemberExpression" && node.property.name === GUARD
}

export const fiberRootCatch = defineRule(
    {
        message:
            "An error that leaves a fiber or a callback restarts the whole program. Put the whole body of this function in one try/catch, or call it through runGuarded(...)",
        fact: "D10",
    },
    (context, report) => ({
        CallExpression(node) {
            const root = fiberRoot(context, node)
            if (root && !isGuard(root) && !isSafeFunction(functionOf(context, root))) report(root)
        },
    })
)
