// SPDX-License-Identifier: Apache-2.0

// Package cond compiles and evaluates the conditions of policy rules. A
// condition is one CEL expression over the touch and its customer, such as
//
//	category == "marketing" && !consented("marketing:night")
//
// The package knows no rules: it asks everything that it needs to know about a
// touch through the Facts interface. CEL's loops are left out, so that the work
// for a condition is bounded by its length.
//
// A missing fact makes a condition Unknown. The caller decides what that means;
// rules always take the strict side.
package cond
