package touch_test

import (
	"errors"
	"fmt"

	"touchgate.dev/touch"
)

// The same caller and key always have the same id, on every node.
func ExampleNewID() {
	first := touch.NewID("engine", "spring-1")
	again := touch.NewID("engine", "spring-1")
	other := touch.NewID("engine", "spring-2")
	fmt.Println(first)
	fmt.Println(first == again, first == other)
	// Output:
	// jybjm6ygzarsnwgfm4reg0a388
	// true false
}

// The id of a leg stays the same when the leg is sent again.
func ExampleDispatchID() {
	id := touch.NewID("engine", "spring-1")
	dispatch := touch.DispatchID(id, 1)
	fmt.Println(dispatch)

	_, leg, err := touch.ParseDispatchID(dispatch)
	fmt.Println(leg, err)
	// Output:
	// jybjm6ygzarsnwgfm4reg0a388.1
	// 1 <nil>
}

func ExampleParseDuration() {
	for _, text := range []string{"7d", "90m", "soon"} {
		d, err := touch.ParseDuration(text)
		fmt.Println(d, err)
	}
	// Output:
	// 7d <nil>
	// 1h30m0s <nil>
	// 0s "soon" is not a duration: write 30s, 15m, 48h or 7d
}

// A call goes to the number for text messages if there is none for calls.
func ExampleAddressOn() {
	customer := &touch.Customer{Addresses: map[touch.Channel]string{touch.SMS: "+4915112345678"}}
	request := &touch.Request{}
	fmt.Printf("%q\n", touch.AddressOn(touch.AICall, request, customer))
	fmt.Printf("%q\n", touch.AddressOn(touch.Push, request, customer))
	// Output:
	// "+4915112345678"
	// ""
}

// Callers decide by the class of an error, never by its text.
func ExampleClassOf() {
	err := fmt.Errorf("submit: %w", touch.Errorf(touch.Conflict, "key", "is used by another touch"))
	fmt.Println(touch.ClassOf(err))
	fmt.Println(touch.ClassOf(errors.New("disk full")))
	fmt.Printf("%q\n", touch.ClassOf(nil))
	// Output:
	// conflict
	// internal
	// ""
}

// A check collects every fault, so that the caller can correct all at once.
func ExampleFaults() {
	var faults touch.Faults
	faults.Add("key", "is required")
	faults.Add("plan", "has %d legs, and may have %d", 9, touch.MaxLegs)
	fmt.Println(faults.Err())
	// Output: key: is required; plan: has 9 legs, and may have 8
}

// A later request is a repeat if it means the same as the first one.
func ExampleRequest_Digest() {
	request := func(until string) *touch.Request {
		plan := []touch.Leg{{Channel: touch.SMS, Until: until}}
		return &touch.Request{Key: "spring-1", Customer: "c1", Category: touch.Service, Plan: plan}
	}
	first := request("").Digest()
	fmt.Println(first == request("sent").Digest()) // the default of a leg without wait
	fmt.Println(first == request("delivered").Digest())
	// Output:
	// true
	// false
}
