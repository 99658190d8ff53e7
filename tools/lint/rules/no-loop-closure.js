import { isFunctionNode, isLoop } from "../syntax-queries.js"
import { rule } from "../define-rule.js"

/** Whether `node` was declared by a loop, or in its body, of the function that it belongs to. */
function isInLoop(node) {
    for (let at = node; at && !isFunctionNode(at); at = at.parent) if (isLoop(at)) return true
    return false
}

/** A named parameter's own definition is the function itself: never "in" the loop around it. */
function isLoopVariable(variable) {
    return variable.defs.some(({ type, name }) => type === "Variable" && isInLoop(name))
}

export const noLoopClosure = rule(
    "a closure may not use `{{name}}`, which a loop declares: the compiler refuses it (facts 1.1). Move the body into a function, or use .forEach()",
    ({ sourceCode }, report) => {
        function check(node) {
            const scope = sourceCode.getScope(node)
            for (const { identifier, resolved, from } of scope.through) {
                // A function inside this one reports its own.
                if (from.variableScope !== scope || !resolved) continue
                if (isLoopVariable(resolved)) report(identifier, { name: identifier.name })
            }
        }
        return { FunctionDeclaration: check, FunctionExpression: check, ArrowFunctionExpression: check }
    }
)
