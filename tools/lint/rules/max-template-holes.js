import { defineRule } from "../define-rule.js"

const EXPRESSIONS_MAX = 7

export const maxTemplateHoles = defineRule(
    {
        message:
            "This template has {{count}} expressions. The compiler fails with an internal error beyond 7. Split the template",
        fact: "1.1",
    },
    (_context, report) => ({
        TemplateLiteral(node) {
            const count = node.expressions.length
            if (count > EXPRESSIONS_MAX) report(node, { count })
        },
    })
)
