import { isAny, isArray, isBuffer, isString, uncast } from "../type-queries.js"
import { isCallOf } from "../syntax-queries.js"
import { rule } from "../define-rule.js"

export const noCollectionProperty = rule(
    "setting a property of an array or a buffer, `length` too, corrupts the heap: the collector frees what the property needs (facts D4). Make a new array, or keep the value beside it",
    (context, report) => {
        const isCollection = node => isArray(context, uncast(node)) || isBuffer(context, uncast(node))
        const isNamed = ({ computed, property }) => !computed || isString(context, property)
        const isLength = ({ computed, property }) =>
            computed ? property.value === "length" : property.name === "length"
        function check(target) {
            if (target.type !== "MemberExpression") return
            const { object } = target
            if (isNamed(target) && isCollection(object)) report(target)
            else if (isLength(target) && isAny(context, uncast(object))) report(target)
        }
        return {
            AssignmentExpression: node => check(node.left),
            UpdateExpression: node => check(node.argument),
            CallExpression(node) {
                const [target] = node.arguments
                if (isCallOf(node, "Object", "assign") && target && isCollection(target)) report(target)
            },
        }
    }
)
