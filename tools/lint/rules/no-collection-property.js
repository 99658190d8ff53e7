import { isAny, isArray, isBuffer, isString, withoutCasts } from "../type-queries.js"
import { isCallOf } from "../syntax-queries.js"
import { defineRule } from "../define-rule.js"

export const noCollectionProperty = defineRule(
    {
        message:
            "Setting a property of an array or a buffer, `length` included, corrupts the heap: the garbage collector does not mark the memory of the property. Create a new array, or store the value in a separate variable",
        fact: "D4",
    },
    (context, report) => {
        const isCollection = node =>
            isArray(context, withoutCasts(node)) || isBuffer(context, withoutCasts(node))
        const isNamed = ({ computed, property }) => !computed || isString(context, property)
        const isLength = ({ computed, property }) =>
            computed ? property.value === "length" : property.name === "length"
        function check(target) {
            if (target.type !== "MemberExpression") return
            const { object } = target
            if (isNamed(target) && isCollection(object)) report(target)
            else if (isLength(target) && isAny(context, withoutCasts(object))) report(target)
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
