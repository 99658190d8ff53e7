/** @typedef {import("eslint").Rule.RuleContext} Context */
/** @typedef {(node: object, data?: object) => void} Report reports the message at a node */

const FACTS = "docs/internals/runtime-facts.md"

/**
 * Defines a rule with one message.
 * @param {{ message: string, fact: string }} text `message`: the effect on the board and the replacement;
 *     `fact`: section or defect number in runtime-facts.md. Both may contain `{{placeholders}}` for the data of a report
 * @param {(context: Context, report: Report) => import("eslint").Rule.RuleListener} create
 * @returns {import("eslint").Rule.RuleModule}
 */
export function defineRule({ message, fact }, create) {
    return {
        meta: { type: "problem", schema: [], messages: { problem: `${message} (${FACTS}, ${fact}).` } },
        create(context) {
            return create(context, (node, data = {}) => context.report({ node, messageId: "problem", data }))
        },
    }
}
