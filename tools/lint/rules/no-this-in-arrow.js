import { isFunctionNode } from "../syntax-queries.js"
import { defineRule } from "../define-rule.js"

/** Returns the function or class field that encloses a node. */
function enclosingFunction(node) {
    let at = node.parent
    while (at && !isFunctionNode(at) && at.type !== "PropertyDefinition") at = at.parent
    return at
}

export const noThisInArrow = defineRule(
    {
        message:
            "An arrow function cannot use `this`. The compiler rejects it. Store it outside: const self = this",
        fact: "1.1",
    },
    (_context, report) => ({
        ThisExpression(node) {
            if (enclosingFunction(node)?.type === "ArrowFunctionExpression") report(node)
        },
    })
)
