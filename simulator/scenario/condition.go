package scenario

// The words of a step's conditions.
const (
	GoBack    = "back"
	GoForward = "forward"

	TabHidden  = "hidden"
	TabShown   = "shown"
	TabFrozen  = "frozen"
	TabResumed = "resumed"

	CollectorWell        = "well"
	CollectorSlow        = "slow"
	CollectorFailing     = "failing"
	CollectorResetting   = "resetting"
	CollectorUnreachable = "unreachable"
	CollectorLate        = "late"
	CollectorTwice       = "twice"

	NetworkOnline  = "online"
	NetworkOffline = "offline"

	ScriptDelivered = "delivered"
	ScriptHeld      = "held"

	EndsAtOnce = "at-once"

	DeviceFirst  = "first"
	DeviceSecond = "second"
	DeviceOffice = "office"
	PersonFirst  = "first"
	PersonSecond = "second"
	TabFirst     = "first-tab"
	TabSecond    = "second-tab"

	StoreEverything = "everything"
	StoreCookies    = "cookies"

	DeliveryBatched = "batched"

	// IdentityAny is every role that the visitor is known by, CookieAny whatever is
	// kept in the browser but the choice, RequestAny whatever the pixel sends.
	IdentityAny = "any"
	CookieAny   = "any"
	RequestAny  = "any"

	// RecordReturning counts the visits of people who had been there before,
	// RecordCustomers the customers' profiles, RecordConflicts the identifications
	// that claimed a visitor of another customer.
	RecordReturning = "returning-visitors"
	RecordCustomers = "customers"
	RecordConflicts = "conflicts"

	// The reports' figures of the plan's site, from its beginning on.
	RecordSessions           = "sessions"
	RecordAnonymousSessions  = "anonymous-sessions"
	RecordIdentifiedSessions = "identified-sessions"
	RecordPageViews          = "page-views"
	RecordEvents             = "events"
	RecordSessionTime        = "session-time"
	RecordNewVisitors        = "new-visitors"

	// ProfileCustomer is the profile of the step's person, ProfileVisitor that of
	// the visitor whose hits the step saw, ProfileRawCustomer the one that would be
	// found under the person's e-mail address or telephone number as it is.
	ProfileCustomer    = "customer"
	ProfileVisitor     = "visitor"
	ProfileRawCustomer = "raw-customer"

	// AttributesSystem and AttributesCustom are what a visitor's profile holds
	// beside a customer's own attributes.
	AttributesSystem = "system-attributes"
	AttributesCustom = "custom-attributes"
)

// Directions returns the words for `go`.
func Directions() []Word {
	return []Word{
		{Name: GoBack, Meaning: "the visitor goes back in the tab's history"},
		{Name: GoForward, Meaning: "the visitor goes forward again"},
	}
}

// Lifecycles returns the words for `tab`.
func Lifecycles() []Word {
	return []Word{
		{Name: TabHidden, Meaning: "another window covers the tab"},
		{Name: TabShown, Meaning: "the tab is in sight again"},
		{Name: TabFrozen, Meaning: "the browser freezes the hidden tab: nothing in it runs"},
		{Name: TabResumed, Meaning: "the browser lets the tab run again"},
	}
}

// Collectors returns the words for `collector`.
func Collectors() []Word {
	return []Word{
		{Name: CollectorWell, Meaning: "the collector answers at once"},
		{Name: CollectorSlow, Meaning: "an answer comes only after the page's time has been run forward, or, when the step ends at once, after the next step's act"},
		{Name: CollectorFailing, Meaning: "every answer is the status 503"},
		{Name: CollectorResetting, Meaning: "the connection is reset once a request has been taken"},
		{Name: CollectorUnreachable, Meaning: "no connection to the collector comes about"},
		{Name: CollectorLate, Meaning: "answers at once, as if all were well, but the hits reach it only when a later step says otherwise, or at the journey's end, the last one first"},
		{Name: CollectorTwice, Meaning: "answers at once; each hit reaches it twice"},
	}
}

// Networks returns the words for `network`.
func Networks() []Word {
	return []Word{
		{Name: NetworkOnline, Meaning: "the browser has a network"},
		{Name: NetworkOffline, Meaning: "the browser has none; a step that ends so proves no absence"},
	}
}

// Deliverables returns the words for `script`.
func Deliverables() []Word {
	return []Word{
		{Name: ScriptDelivered, Meaning: "the pixel's code comes; where it was held, after the step's act"},
		{Name: ScriptHeld, Meaning: "the pixel's code does not come yet"},
	}
}

// Endings returns the words for `ends`.
func Endings() []Word {
	return []Word{{Name: EndsAtOnce, Meaning: "the next step begins while what this one sent is under way; such a step proves no absence"}}
}

// Devices returns the words for `device`.
func Devices() []Word {
	return []Word{
		{Name: DeviceFirst, Meaning: "the visitor's own browser"},
		{Name: DeviceSecond, Meaning: "another browser, by default of another person, whom the site knows by the same set-up"},
		{Name: DeviceOffice, Meaning: "the browser of the site's administrator, who is no visitor: it opens the collector's own pages"},
	}
}

// Tabs returns the words for `in`.
func Tabs() []Word {
	return []Word{
		{Name: TabFirst, Meaning: "the visitor's first tab"},
		{Name: TabSecond, Meaning: "a second tab of the same browser"},
	}
}

// Stores returns the words for `forget`.
func Stores() []Word {
	return []Word{
		{Name: StoreCookies, Meaning: "the cookie jar"},
		{Name: "local-storage", Meaning: "localStorage of every origin"},
		{Name: "session-storage", Meaning: "sessionStorage of every open tab"},
		{Name: "indexed-db", Meaning: "the IndexedDB databases"},
		{Name: "cache", Meaning: "the Cache of scripts"},
		{Name: "http-cache", Meaning: "the browser's own cache, with what ETag and Last-Modified hold"},
		{Name: "service-workers", Meaning: "the registered service workers"},
		{Name: StoreEverything, Meaning: "all of these"},
	}
}

// Deliveries returns the words for a config's `delivery`.
func Deliveries() []Word {
	return []Word{{Name: DeliveryBatched, Meaning: "hits are collected, and several are sent together"}}
}

// Records returns the words for `record`.
func Records() []Word {
	return []Word{
		{Name: RecordReturning, Meaning: "how many visits were those of somebody who had been there before"},
		{Name: RecordCustomers, Meaning: "how many customers the collector knows"},
		{Name: RecordConflicts, Meaning: "how many times a visitor of one customer was claimed for another"},
		{Name: RecordSessions, Meaning: "how many sessions the site's report shows"},
		{Name: RecordAnonymousSessions, Meaning: "how many of them were anonymous"},
		{Name: RecordIdentifiedSessions, Meaning: "how many of them were those of identified visitors"},
		{Name: RecordPageViews, Meaning: "how many page views the site's report shows"},
		{Name: RecordEvents, Meaning: "how many events it shows beside them"},
		{Name: RecordSessionTime, Meaning: "the time of all its sessions together, in seconds"},
		{Name: RecordNewVisitors, Meaning: "how many sessions were those of new visitors"},
	}
}

// Persons returns the words for `person`.
func Persons() []Word {
	return []Word{
		{Name: PersonFirst, Meaning: "the person of the config"},
		{Name: PersonSecond, Meaning: "another person, whom the site knows by other values of the same kind"},
	}
}

// Profiles returns the words for `profile`.
func Profiles() []Word {
	return []Word{
		{Name: ProfileCustomer, Meaning: "the customer whom the site knows in the step"},
		{Name: ProfileVisitor, Meaning: "the visitor, by the visitor IDs that the step's own hits carry"},
		{Name: ProfileRawCustomer, Meaning: "whoever is kept under the customer's e-mail address or telephone number itself"},
	}
}

// Attributes returns the words for `attribute` beside the roles.
func Attributes() []Word {
	return []Word{
		{Name: AttributesSystem, Attribute: true, Meaning: "what the visitor's profile says of his browser and system"},
		{Name: AttributesCustom, Attribute: true, Meaning: "what the visitor's profile says under names of the site's own"},
	}
}

// The options of a pixel's set-up that a scenario may speak of.
const (
	OptionEnabled   = "enabled"
	OptionByDefault = "by-default"
	OptionCookie    = "cookie"
	OptionSuppress  = "suppress"
)

// Options returns the words for `option`.
func Options() []Word {
	return []Word{
		{Name: OptionEnabled, Meaning: "lets the visitor switch between modes"},
		{Name: OptionByDefault, Meaning: "makes visitors anonymous until they opt in"},
		{Name: OptionCookie, Meaning: "renames the cookie that holds the choice"},
		{Name: OptionSuppress, Meaning: "lists the parameters that anonymous requests leave out"},
	}
}
