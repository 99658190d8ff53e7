// Small questions about a syntax tree (ESTree) that several rules ask.

const LOOPS = ["ForStatement", "ForInStatement", "ForOfStatement", "WhileStatement", "DoWhileStatement"]
const FUNCTIONS = ["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]

export function isLoop(node) {
    return LOOPS.includes(node.type)
}

export function isFunctionNode(node) {
    return FUNCTIONS.includes(node.type)
}

/** The name of a call's function or method: `a.b.recv(1)` -> "recv". */
export function calledName(call) {
    const { callee } = call
    if (callee.type === "Identifier") return callee.name
    return callee.type === "MemberExpression" && !callee.computed ? callee.property.name : undefined
}

/** Whether `call` is a method call of that name: `x.sort()`. */
export function isMethodCall(call, name) {
    return call.callee.type === "MemberExpression" && calledName(call) === name
}

/** Whether `call` is `object.name(...)`, both plain names. */
export function isCallOf(call, object, name) {
    return (
        isMethodCall(call, name) &&
        call.callee.object.type === "Identifier" &&
        call.callee.object.name === object
    )
}

/** Whether `node` is written as a negative number: `-1`, `-n`. */
export function isNegated(node) {
    return node?.type === "UnaryExpression" && node.operator === "-"
}

/** Whether `test` holds for `root` or something in it; functions inside are not entered. */
export function contains(sourceCode, root, test) {
    if (!root) return false
    if (test(root)) return true
    return (sourceCode.visitorKeys[root.type] ?? []).some(key => {
        const children = Array.isArray(root[key]) ? root[key] : [root[key]]
        return children.some(child => child && !isFunctionNode(child) && contains(sourceCode, child, test))
    })
}
