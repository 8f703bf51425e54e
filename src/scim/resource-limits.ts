/**
 * Most values in one list of a resource, members of a group excepted, and most members in one object. Real resources have
 * a few dozen of either; the bounds keep the cost of thousands of operations on one resource proportional to their number.
 */
export const maxValues = 1000;
