// Integers of any length: divisions that say where they round, apportioning, and decimal text. See specs/state.md.

export const BILLION = 10n ** 9n;
export const MILLION = 10n ** 6n;
/** Exact values are 10^-18 settlement atoms. */
export const EXACT = 10n ** 18n;

/** The quotient toward minus infinity. */
export function floorDiv(a, b) {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

/** The quotient toward plus infinity. */
export function ceilDiv(a, b) {
  return -floorDiv(-a, b);
}

/** The quotient toward zero, which is how BigInt divides. */
export function divTowardZero(a, b) {
  return a / b;
}

/** The quotient away from zero. */
export function divAwayFromZero(a, b) {
  return a < 0n ? floorDiv(a, b) : ceilDiv(a, b);
}

/** 1n, 0n or -1n. */
export function sign(a) {
  return a > 0n ? 1n : a < 0n ? -1n : 0n;
}

/** The magnitude. */
export function abs(a) {
  return a < 0n ? -a : a;
}

/** The greatest. */
export function max(first, ...others) {
  return others.reduce((a, b) => (a > b ? a : b), first);
}

/** The smallest. */
export function min(first, ...others) {
  return others.reduce((a, b) => (a < b ? a : b), first);
}

/** The sum. */
export function sum(values) {
  return values.reduce((a, b) => a + b, 0n);
}

/** A whole number split over weights by cumulative floors, so that the parts sum to it. */
export function apportion(total, weights) {
  if (total < 0n) return apportion(-total, weights).map((part) => -part);
  const whole = sum(weights);
  if (whole === 0n) return weights.map(() => 0n);
  let weight = 0n;
  let given = 0n;
  return weights.map((each) => {
    weight += each;
    const part = (total * weight) / whole - given;
    given += part;
    return part;
  });
}

/** Decimal text, or a whole number, in units of 10^-decimals. */
export function decimal(value, decimals) {
  const [whole, fraction = ""] = String(value).split(".");
  const digits = fraction.replace(/0+$/, "");
  if (digits.length > decimals) throw new Error(`${value} has more than ${decimals} decimals`);
  return BigInt(whole + digits.padEnd(decimals, "0"));
}

/** The keys of a table in the order of their bytes; ids are ASCII. */
export function orderedKeys(table) {
  return [...table.keys()].sort();
}
