package statuspage

// The objects of the API, key by key in the order in which Statuspage writes
// them.
type (
	page struct {
		ID        string `json:"id"`
		Name      string `json:"name"`
		URL       string `json:"url"`
		TimeZone  string `json:"time_zone"`
		UpdatedAt string `json:"updated_at"`
	}

	overall struct {
		Indicator   string `json:"indicator"`
		Description string `json:"description"`
	}

	component struct {
		ID           string  `json:"id"`
		Name         string  `json:"name"`
		Status       string  `json:"status"`
		CreatedAt    string  `json:"created_at"`
		UpdatedAt    string  `json:"updated_at"`
		Position     int     `json:"position"`
		Description  *string `json:"description"`
		Showcase     bool    `json:"showcase"`
		StartDate    *string `json:"start_date"`
		GroupID      *string `json:"group_id"`
		PageID       string  `json:"page_id"`
		Group        bool    `json:"group"`
		OnlyDegraded bool    `json:"only_show_if_degraded"`
	}

	// group is a component with one key more.
	group struct {
		component
		Components []string `json:"components"`
	}

	incident struct {
		ID                string      `json:"id"`
		Name              string      `json:"name"`
		Status            string      `json:"status"`
		CreatedAt         string      `json:"created_at"`
		UpdatedAt         string      `json:"updated_at"`
		MonitoringAt      *string     `json:"monitoring_at"`
		ResolvedAt        *string     `json:"resolved_at"`
		Impact            string      `json:"impact"`
		Shortlink         string      `json:"shortlink"`
		StartedAt         string      `json:"started_at"`
		PageID            string      `json:"page_id"`
		Updates           []update    `json:"incident_updates"`
		Components        []component `json:"components"`
		ReminderIntervals *string     `json:"reminder_intervals"`
	}

	update struct {
		ID          string     `json:"id"`
		Status      string     `json:"status"`
		Body        string     `json:"body"`
		IncidentID  string     `json:"incident_id"`
		CreatedAt   string     `json:"created_at"`
		UpdatedAt   string     `json:"updated_at"`
		DisplayAt   string     `json:"display_at"`
		Affected    []affected `json:"affected_components"` // null where nothing is said of any
		Notifies    bool       `json:"deliver_notifications"`
		CustomTweet *string    `json:"custom_tweet"`
		TweetID     *int64     `json:"tweet_id"`
	}

	affected struct {
		Code string `json:"code"`
		Name string `json:"name"`
		Old  string `json:"old_status"`
		New  string `json:"new_status"`
	}

	// maintenance is an incident with two keys more.
	maintenance struct {
		incident
		ScheduledFor   string `json:"scheduled_for"`
		ScheduledUntil string `json:"scheduled_until"`
	}
)

// The bodies.
type (
	statusBody struct {
		Page   page    `json:"page"`
		Status overall `json:"status"`
	}

	componentsBody struct {
		Page       page  `json:"page"`
		Components []any `json:"components"` // component or group
	}

	incidentsBody struct {
		Page      page       `json:"page"`
		Incidents []incident `json:"incidents"`
	}

	incidentBody struct {
		Page     page     `json:"page"`
		Incident incident `json:"incident"`
	}

	maintenancesBody struct {
		Page         page          `json:"page"`
		Maintenances []maintenance `json:"scheduled_maintenances"`
	}

	summaryBody struct {
		Page         page          `json:"page"`
		Components   []any         `json:"components"`
		Incidents    []incident    `json:"incidents"`
		Maintenances []maintenance `json:"scheduled_maintenances"`
		Status       overall       `json:"status"`
	}
)
