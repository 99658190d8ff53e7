import { rule } from "../define-rule.js"

/** How many `?.` one chain has; `(a?.x)?.y` is two chains. */
function optionals(link) {
    switch (link.type) {
        case "MemberExpression":
            return optionals(link.object) + (link.optional ? 1 : 0)
        case "CallExpression":
            return optionals(link.callee) + (link.optional ? 1 : 0)
        case "TSNonNullExpression":
            return optionals(link.expression)
        default:
            return 0
    }
}

export const noOptionalChainPair = rule(
    "two `?.` in one chain throw when the first value is nullish (facts 1.2). Write (a?.x)?.y, or test in two steps",
    (_context, report) => ({
        ChainExpression(node) {
            if (optionals(node.expression) > 1) report(node)
        },
    })
)
