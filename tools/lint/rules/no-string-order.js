import { isString } from "../type-queries.js"
import { defineRule } from "../define-rule.js"

export const noStringOrder = defineRule(
    {
        message:
            "`{{operator}}` converts strings to numbers, so that it is false for most texts. Compare character codes",
        fact: "1.2",
    },
    (context, report) => ({
        "BinaryExpression[operator=/^[<>]=?$/]"(node) {
            if (isString(context, node.left) || isString(context, node.right))
                report(node, { operator: node.operator })
        },
    })
)
