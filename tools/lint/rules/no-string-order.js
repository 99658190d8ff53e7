import { isString } from "../type-queries.js"
import { rule } from "../define-rule.js"

export const noStringOrder = rule(
    "`{{operator}}` turns strings into numbers first, so that it is false for words (facts 1.2). Compare character codes",
    (context, report) => ({
        "BinaryExpression[operator=/^[<>]=?$/]"(node) {
            if (isString(context, node.left) || isString(context, node.right))
                report(node, { operator: node.operator })
        },
    })
)
