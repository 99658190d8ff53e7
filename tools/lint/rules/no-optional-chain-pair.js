import { defineRule } from "../define-rule.js"

/** Returns the number of `?.` in one chain; `(a?.x)?.y` is two chains. */
function countOptionals(link) {
    switch (link.type) {
        case "MemberExpression":
            return countOptionals(link.object) + (link.optional ? 1 : 0)
        case "CallExpression":
            return countOptionals(link.callee) + (link.optional ? 1 : 0)
        case "TSNonNullExpression":
            return countOptionals(link.expression)
        default:
            return 0
    }
}

export const noOptionalChainPair = defineRule(
    {
        message:
            "Two `?.` in one chain throw when the first value is nullish. Write (a?.x)?.y, or test in two steps",
        fact: "1.2",
    },
    (_context, report) => ({
        ChainExpression(node) {
            if (countOptionals(node.expression) > 1) report(node)
        },
    })
)
