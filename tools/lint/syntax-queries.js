// Queries on a syntax tree (ESTree) that several rules share.

const LOOPS = ["ForStatement", "ForInStatement", "ForOfStatement", "WhileStatement", "DoWhileStatement"]
const FUNCTIONS = ["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]

/** Returns whether `node` is a loop of any kind. */
export function isLoop(node) {
    return LOOPS.includes(node.type)
}

/** Returns whether `node` is a function of any kind. */
export function isFunctionNode(node) {
    return FUNCTIONS.includes(node.type)
}

/** Returns the name of the called function or method, `recv` for `a.b.recv(1)`, or undefined. */
export function calledName(call) {
    const { callee } = call
    if (callee.type === "Identifier") return callee.name
    return callee.type === "MemberExpression" && !callee.computed ? callee.property.name : undefined
}

/** Returns whether `call` calls a method of that name, for example `x.sort()`. */
export function isMethodCall(call, name) {
    return call.callee.type === "MemberExpression" && calledName(call) === name
}

/** Returns whether `call` is `object.name(...)`, where both are plain identifiers. */
export function isCallOf(call, object, name) {
    return (
        isMethodCall(call, name) &&
        call.callee.object.type === "Identifier" &&
        call.callee.object.name === object
    )
}

/** Returns whether `node` is written with a minus sign, for example `-1` or `-n`. */
export function isNegated(node) {
    return node?.type === "UnaryExpression" && node.operator === "-"
}

/** Returns whether `test` is true for `root` or a node below it. Functions below `root` are skipped. */
export function contains(sourceCode, root, test) {
    if (!root) return false
    if (test(root)) return true
    return (sourceCode.visitorKeys[root.type] ?? []).some(key => {
        const children = Array.isArray(root[key]) ? root[key] : [root[key]]
        return children.some(child => child && !isFunctionNode(child) && contains(sourceCode, child, test))
    })
}
