package fault

// antsomiIdentities returns faults in who the tracker says that a customer is.
func antsomiIdentities() []Fault {
	const hashed = "antsomi.cid-hashed"
	const hashing = "return hash(String(given));"
	// nobody is what a patch does to an event so that it identifies nobody.
	nobody := func(action string) string {
		return `if (action === "` + action + `") {
    delete told.extra;
  }`
	}
	return []Fault{
		antsomiTracker("hashes-nothing", "The hash of a text is the text itself", hashed,
			antsomiFacade, hashing, "return String(given);"),
		antsomiTracker("hashes-by-half", "The hash of a text is the first half of one", hashed,
			antsomiFacade, hashing, "return hash(String(given)).slice(0, 16);"),
		antsomiTracker("hashes-in-capitals", "The hash of a text is written in capital letters", hashed,
			antsomiFacade, hashing, "return hash(String(given)).toUpperCase();"),
		antsomiTracker("hashes-with-salt", "The hash of a text is that of the page's host and the text", hashed,
			antsomiFacade, hashing, "return hash(location.hostname + String(given));"),
		retold("makes-the-id-of-the-name", "The customer ID is a hash of the customer's name", hashed,
			`if (told.extra && told.extra.identify_id && told.dims && told.dims.customers) {
    told.extra.identify_id = told.dims.customers.customer_id = md5(String(told.dims.customers.name));
  }`),
		retold("sign-up-identifies-nobody", "A sign-up is reported without the customer ID", "antsomi.cid-at-signup", nobody("sign_up")),
		retold("sign-in-identifies-nobody", "A sign-in is reported without the customer ID", "antsomi.cid-at-signin", nobody("sign_in")),
		retold("identify-identifies-nobody", "The event identify is reported without the customer ID", "antsomi.cid-when-known", nobody("identify")),
		retold("identifies-each-customer-once", "A customer who has been identified in this browser is not identified again", "antsomi.identify-repeats",
			`const id = told.extra && told.extra.identify_id;
  if (id && localStorage.asm_i === id) {
    delete told.extra;
    delete told.dims;
  } else if (id) {
    localStorage.asm_i = id;
  }`),
	}
}

// antsomiTimes returns faults in when the tracker says that a customer was
// identified.
func antsomiTimes() []Fault {
	const times = "antsomi.identify-time"
	const now = "_cdpGetLeadTime: () => Date.now(),"
	lead := func(name, title, function string) Fault {
		return antsomiTracker(name, title, times, antsomiFacade, now, "_cdpGetLeadTime: "+function+",")
	}
	return []Fault{
		retold("sends-no-identify-time", "No event says when the customer was identified", times,
			"if (told.extra) {\n    delete told.extra.identify_time;\n  }"),
		lead("tells-the-time-in-seconds", "The time of an identification is in seconds", "() => Math.floor(Date.now() / 1000)"),
		lead("tells-the-time-of-loading", "The time of an identification is that of loading the page", "((loaded) => () => loaded)(Date.now())"),
		lead("tells-a-constant-time", "The time of an identification is always the same", "() => 1577836800000"),
		lead("tells-the-time-an-hour-ahead", "The time of an identification is an hour ahead", "() => Date.now() + 3600000"),
	}
}

// antsomiData returns faults in what the tracker tells of a visitor or customer.
func antsomiData() []Fault {
	const customers = "antsomi.customer-attributes"
	const behaviour = "antsomi.profile-holds-behaviour"
	// given begins code that changes data, the customer's data in an event.
	const given = "const data = told.dims && told.dims.customers;\n  if (data) {\n    "
	return []Fault{
		retold("drops-the-customers-data", "Of a customer only the ID is reported", customers,
			given+"told.dims.customers = { customer_id: data.customer_id };\n  }"),
		retold("sends-the-first-data-again", "What was first said of a customer is said each time", customers,
			given+`const kept = "asm_" + data.customer_id;
    localStorage[kept] = localStorage[kept] || JSON.stringify(data);
    told.dims.customers = JSON.parse(localStorage[kept]);
  }`),
		retold("swaps-name-and-phone", "A customer's name and telephone number change places", customers,
			given+"[data.name, data.phone] = [data.phone, data.name];\n  }"),
		retold("drops-custom-attributes", "What the site tells of its users is not sent", behaviour,
			"if (told.dims) {\n    delete told.dims.users;\n  }"),
		antsomiTracker("drops-system-attributes", "What the browser tells of itself is not sent", behaviour,
			antsomiEvent, "    sys: system(),\n", ""),
	}
}
