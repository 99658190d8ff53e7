import { rule } from "../define-rule.js"

const HOLES_MAX = 7

export const maxTemplateHoles = rule(
    "{{count}} holes in one template: the compiler breaks down beyond 7 (facts 1.1). Split it in two",
    (_context, report) => ({
        TemplateLiteral(node) {
            const count = node.expressions.length
            if (count > HOLES_MAX) report(node, { count })
        },
    })
)
