import { isFunctionNode, isLoop } from "../syntax-queries.js"
import { defineRule } from "../define-rule.js"

/** Returns whether `node` is in a loop of the function that it belongs to. */
function isInLoop(node) {
    for (let at = node; at && !isFunctionNode(at); at = at.parent) if (isLoop(at)) return true
    return false
}

/** Returns whether a loop declares the variable. Parameters are declared by their function, so they never count. */
function isLoopVariable(variable) {
    return variable.defs.some(({ type, name }) => type === "Variable" && isInLoop(name))
}

export const noLoopClosure = defineRule(
    {
        message:
            "A closure may not use `{{name}}`, which a loop declares. The compiler rejects it. Move the loop body into a function, or use .forEach()",
        fact: "1.1",
    },
    ({ sourceCode }, report) => {
        function check(node) {
            const scope = sourceCode.getScope(node)
            for (const { identifier, resolved, from } of scope.through) {
                // A nested function reports its own variables.
                if (from.variableScope !== scope || !resolved) continue
                if (isLoopVariable(resolved)) report(identifier, { name: identifier.name })
            }
        }
        return { FunctionDeclaration: check, FunctionExpression: check, ArrowFunctionExpression: check }
    }
)
