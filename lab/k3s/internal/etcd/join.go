package etcd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"picluster/lab/k3s/internal/process"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"go.uber.org/zap"
)

var (
	quiet       = zap.NewNop()
	errLearner  = errors.New("this member is a learner: the leader has not promoted it yet")
	errNoLeader = errors.New("etcd has no leader: is a majority of its members running?")
)

// MemberInfo is one member as /db/info tells it.
type MemberInfo struct {
	ID        uint64
	Name      string
	PeerURLs  []string
	ClientURL []string
}

// Members lists the cluster's members as this one knows them.
func (m *Member) Members(ctx context.Context) ([]MemberInfo, error) {
	cl, err := m.Client()
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	list, err := cl.MemberList(ctx)
	if err != nil {
		return nil, err
	}
	return infos(list.Members), nil
}

func infos(members []*etcdserverpb.Member) []MemberInfo {
	var out []MemberInfo
	for _, x := range members {
		out = append(out, MemberInfo{x.ID, x.Name, x.PeerURLs, x.ClientURLs})
	}
	return out
}

// Join adds this member to a running cluster as a learner and returns the list of members to start with. fetch asks the
// server we join for its member list. Conflicts of time (another learner, an unhealthy cluster) are waited for without end;
// anything else is an error that ends the process.
func (m *Member) Join(ctx context.Context, fetch func(context.Context) ([]MemberInfo, error)) (string, error) {
	var initial string
	var fatal error
	err := process.Retry(ctx, "join the etcd cluster", time.Second, func() error {
		members, err := fetch(ctx)
		if err != nil {
			return err
		}
		if initial, err = m.add(ctx, members); err != nil && !transient(err) {
			fatal = fmt.Errorf("etcd cluster join failed: %w", err)
			return nil
		}
		return err
	})
	if err == nil {
		err = fatal
	}
	return initial, err
}

func (m *Member) add(ctx context.Context, members []MemberInfo) (string, error) {
	mine, err := m.find(members)
	if err != nil {
		os.Remove(m.nameFile())
		return "", err
	}
	if mine != nil {
		return m.initial(members), nil // added before and never started: start it now
	}
	var endpoints []string
	for _, x := range members {
		endpoints = append(endpoints, x.ClientURL...)
	}
	cl, err := m.Client(endpoints...)
	if err != nil {
		return "", err
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	added, err := cl.MemberAddAsLearner(ctx, []string{m.PeerURL()})
	if err != nil {
		if errors.Is(err, rpctypes.ErrTooManyLearners) || err.Error() == rpctypes.ErrTooManyLearners.Error() {
			return "", waitingFor{members}
		}
		return "", err
	}
	return m.initial(infos(added.Members)), nil
}

// find looks for ourselves: the nameless member at our address. Another member of our node name must not be.
func (m *Member) find(members []MemberInfo) (*MemberInfo, error) {
	for i, x := range members {
		if x.Name == "" && len(x.PeerURLs) > 0 && x.PeerURLs[0] == m.PeerURL() {
			return &members[i], nil
		}
		if x.Name != "" && x.Name[:max(0, strings.LastIndex(x.Name, "-"))] == m.NodeName {
			return nil, errors.New("duplicate node name found, please use a unique name for this node")
		}
	}
	return nil, nil
}

func (m *Member) initial(members []MemberInfo) string {
	list := []string{m.Name + "=" + m.PeerURL()}
	for _, x := range members {
		if x.Name != "" {
			list = append(list, x.Name+"="+x.PeerURLs[0])
		}
	}
	return strings.Join(list, ",")
}

type waitingFor struct{ members []MemberInfo }

func (w waitingFor) Error() string {
	var names []string
	for _, x := range w.members {
		names = append(names, x.Name)
	}
	return "Waiting for other members to finish joining etcd cluster: " + strings.Join(names, ", ")
}

func transient(err error) bool {
	var w waitingFor
	if errors.As(err, &w) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	s := err.Error()
	return strings.Contains(s, "unhealthy cluster") || strings.Contains(s, "too many learner") || strings.Contains(s, "DeadlineExceeded") ||
		strings.Contains(s, "request timed out") || strings.Contains(s, "leader changed") || strings.Contains(s, "Unavailable")
}
