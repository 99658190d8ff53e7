import { isFunctionNode } from "../syntax-queries.js"
import { rule } from "../define-rule.js"

function ownerOf(node) {
    let at = node.parent
    while (at && !isFunctionNode(at) && at.type !== "PropertyDefinition") at = at.parent
    return at
}

export const noThisInArrow = rule(
    "an arrow function cannot use `this`: the compiler refuses it (facts 1.1). Keep it outside: const self = this",
    (_context, report) => ({
        ThisExpression(node) {
            if (ownerOf(node)?.type === "ArrowFunctionExpression") report(node)
        },
    })
)
